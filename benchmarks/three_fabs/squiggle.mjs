// Runs three_fabs.squiggle under node: squiggle.mjs --draws N --seed S FOLDER, where FOLDER holds node_modules.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

const { values, positionals } = parseArgs({
  options: { draws: { type: "string" }, seed: { type: "string" } },
  allowPositionals: true,
});
const modules = join(resolve(positionals[0]), "node_modules");
const squiggle = await import(pathToFileURL(join(modules, "@quri/squiggle-lang/dist/index.js")));
const { parse } = createRequire(join(modules, "here.js"))("yaml");

const here = dirname(fileURLToPath(import.meta.url));
const asked = parse(readFileSync(join(here, "inputs.yaml"), "utf8"));
const started = performance.now();
const distribution = {
  normal: (p5, p95) => `normal({ p5: ${p5}, p95: ${p95} })`,
  lognormal: (p5, p95) => `lognormal({ p5: ${p5}, p95: ${p95} })`,
  "logit-normal": (p5, p95) =>
    `1 / (1 + exp(-SampleSet.fromDist(normal({ p5: log(${p5} / (1 - ${p5})), p95: log(${p95} / (1 - ${p95})) }))))`,
};
const inputs = Object.entries(asked.inputs).map(
  ([name, { family, p5, p95 }]) => `  ${name}: SampleSet.fromDist(${distribution[family](p5, p95)})`,
);
const fabs = ["a", "b", "c"].map(
  (fab) => `{ start: inputs.fab_${fab}_start, ramp: inputs.fab_${fab}_ramp, wafers: inputs.fab_${fab}_wafers }`,
);
const code = [
  `inputs = {\n${inputs.join(",\n")}\n}`,
  `fabs = [${fabs.join(", ")}]`,
  `months = ${asked.months}`,
  `stacksPerChip = ${asked.stacks_per_chip}`,
  `carriedOver = ${asked.carried_over}`,
  readFileSync(join(here, "three_fabs.squiggle"), "utf8"),
].join("\n");

const output = await squiggle.run(code, {
  environment: { sampleCount: Number(values.draws), xyPointLength: 1000, seed: `seed-${values.seed}` },
});
const end = output.getEndResult();
if (!end.ok) {
  console.error(end.value.toString());
  process.exit(1);
}
const [chips, stock] = end.value.asJS();
const seconds = (performance.now() - started) / 1000;
console.log(JSON.stringify({ seconds, chips: chips[asked.chips_month], stock: stock[asked.stock_month] }));
