import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { commands } from "./commands.ts";
import { flipBit } from "./flip.ts";
import { killAtStep, traceSteps } from "./kill.ts";
import { buildProgram, type Program } from "./program.ts";
import { seededRandom } from "./random.ts";
import { openWorkshop, type Workshop } from "./workshop.ts";

let program: Program;
let workshop: Workshop;

before(async () => {
  program = await buildProgram();
  workshop = await openWorkshop({ rows: 200, program, hasReceipts: false });
});

after(async () => {
  await workshop.close();
  program.close();
});

// A few of what `npm run faults` does by the thousand.
for (const name of ["run database", "run capsule", "prune"]) {
  test(`${name}: killed here and there, nothing is lost and the next run heals`, async () => {
    const command = commands.find((one) => one.name === name);
    assert.ok(command);
    const { steps } = await traceSteps(workshop, command);
    for (let kill = 0; kill < 3; kill += 1) {
      const killAt = Math.ceil(((kill + 0.5) * steps.length) / 3);
      const death = await killAtStep(workshop, command, { killAt, isAfter: kill % 2 === 1 });
      assert.deepEqual(death.wrong, [], `${death.step}; again: npm run faults -- ${death.again}`);
      assert.equal(death.end, "killed", death.step);
    }
  });
}

test("a flipped bit is found by the check that is for its file", async () => {
  const random = seededRandom(7);
  for (let flip = 0; flip < 4; flip += 1) assert.deepEqual((await flipBit(workshop, random)).wrong, []);
});
