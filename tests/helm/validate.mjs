// Validates objects of Kubernetes: formats, required fields and types with npm's kubernetes-models,
// unknown fields by compiling each object as a literal of its TypeScript type, from kubernetes-models
// and again from kubernetes-types, which are made independently.
//
//     node validate.mjs TOOLS OBJECTS.json
//
// OBJECTS.json: [{where, object}, ...]. Prints a line for each fault; exits with 1 if there are any.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [tools, file] = process.argv.slice(2);
const entries = JSON.parse(readFileSync(file, "utf8"));
const packages = join(resolve(tools), "node_modules");
const faults = [];

// Where a kind's model and its types are, inside of node_modules.
const operators = {
  "monitoring.coreos.com": "@kubernetes-models/prometheus-operator",
  "cert-manager.io": "@kubernetes-models/cert-manager",
};

function modelPath({ apiVersion, kind }) {
  const home = operators[apiVersion.split("/")[0]] ?? "kubernetes-models";
  return `${home}/${apiVersion}/${kind}`;
}

function otherTypesPath({ apiVersion }) {
  const [group, version] = apiVersion.includes("/") ? apiVersion.split("/") : ["core", apiVersion];
  if (group in operators) return null;
  return `kubernetes-types/${group.replace(/\.k8s\.io$/, "")}/${version}`;
}

async function validateModels() {
  for (const { where, object } of entries) {
    try {
      const model = await import(pathToFileURL(join(packages, modelPath(object) + ".js")).href);
      new model[object.kind](object).validate();
    } catch (error) {
      faults.push(`${where}: ${object.kind}: ${error.message}`);
    }
  }
}

// One line an object, so that the compiler's line numbers name it.
function source() {
  const lines = entries.map(({ object }) => {
    const literal = JSON.stringify(object);
    const own = `const a: import("${modelPath(object)}").I${object.kind} = ${literal};`;
    const path = otherTypesPath(object);
    const other = path ? `const b: import("${path}").${object.kind} = ${literal};` : "";
    return `{ ${own} ${other} }`;
  });
  return lines.join("\n") + "\n";
}

function validateTypes() {
  const directory = mkdtempSync(join(resolve(tools), "types-"));
  try {
    writeFileSync(join(directory, "objects.ts"), source());
    writeFileSync(join(directory, "tsconfig.json"), JSON.stringify({
      compilerOptions: { strict: true, noEmit: true, skipLibCheck: true, module: "esnext",
                         target: "es2022", moduleResolution: "bundler", types: [] },
      files: ["objects.ts"],
    }));
    execFileSync(process.execPath, [join(packages, "typescript/bin/tsc"), "-p", directory],
                 { encoding: "utf8", stdio: "pipe" });
  } catch (error) {
    if (!error.stdout) throw error;
    for (const text of error.stdout.trim().split("\n")) {
      const line = /objects\.ts\((\d+),\d+\): (.*)/.exec(text);
      if (line) faults.push(`${entries[line[1] - 1].where}: ${line[2]}`);
      else faults.push(text);
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
}

await validateModels();
validateTypes();
for (const fault of faults) console.log(fault);
console.log(`${entries.length} objects, ${faults.length} faults`);
process.exit(faults.length || !entries.length ? 1 : 0);
