// A receiver in another language: checks deliveries with the published Standard Webhooks library.
// Reads a JSON list of {secret, headers, body} from standard input, the body in base64; writes for
// each the type of the event it accepted, or null.
import { readFileSync } from "node:fs";
import { Webhook } from "standardwebhooks";

const heard = JSON.parse(readFileSync(0, "utf8"));
const told = heard.map(({ secret, headers, body }) => {
  try {
    return new Webhook(secret).verify(Buffer.from(body, "base64").toString("utf8"), headers).type;
  } catch {
    return null;
  }
});
console.log(JSON.stringify(told));
