// Holds an AsyncAPI document against the schema that its authors publish, and events, one to a line
// on standard input, against what the document says of their type.  Writes a list of complaints.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import Ajv from "ajv";
import addFormats from "ajv-formats";

const require = createRequire(import.meta.url);
const document = JSON.parse(readFileSync(process.argv[2], "utf8"));
const complaints = [];

const official = addFormats(new Ajv({ strict: false, allErrors: true }));
const schema = require(`@asyncapi/specs/schemas/${document.asyncapi}-without-$id.json`);
if (!official.validate(schema, document)) complaints.push(...official.errors);

const ours = addFormats(new Ajv({ strict: false }));
ours.addSchema({ $id: "doc", ...document });
const known = new Map();
for (const line of readFileSync(0, "utf8").split("\n").filter(Boolean)) {
  const event = JSON.parse(line);
  const name = event.type;
  if (!(name in document.components.messages)) {
    complaints.push({ type: name, message: "is not in the document" });
    continue;
  }
  if (!known.has(name)) {
    known.set(name, ours.compile({ $ref: `doc#/components/messages/${name}/payload` }));
  }
  const fits = known.get(name);
  if (!fits(event)) complaints.push({ type: name, errors: fits.errors });
}
console.log(JSON.stringify(complaints));
