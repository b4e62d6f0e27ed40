"""Runs one command and prints, as one JSON line on file descriptor 3, what the kernel says of it:
wall and CPU seconds of the command and everything it waited for, and the peak memory of the largest process."""
import json
import os
import resource
import subprocess
import sys
import time

start = time.perf_counter()
code = subprocess.call(sys.argv[1:])
wall = time.perf_counter() - start
used = resource.getrusage(resource.RUSAGE_CHILDREN)
with os.fdopen(3, "w") as out:
    json.dump({"code": code, "wallMs": wall * 1000, "cpuMs": (used.ru_utime + used.ru_stime) * 1000, "peakKb": used.ru_maxrss}, out)
