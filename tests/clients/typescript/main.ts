// The main job by a client that nobody wrote: its types are made from openapi/openapi.json.

import createClient from "openapi-fetch";
import type { components, paths } from "./api.js";

type Action = components["schemas"]["ActionIn"];

const told = JSON.parse(process.env.HOTLINE_DEMO ?? "");
const baseUrl: string = told.base_url;
const password: string = told.accounts[0].password;

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** What was answered; the problem document otherwise. */
function need<T>(what: string, answer: Answer<T>): T {
  if (answer.data === undefined) {
    throw new Error(`${what}: ${answer.response.status} ${JSON.stringify(answer.error)}`);
  }
  return answer.data;
}

async function person(user_name: string) {
  const nobody = createClient<paths>({ baseUrl });
  const answer = need(user_name, await nobody.POST("/api/v1/auth/staff", { body: { user_name, password } }));
  return createClient<paths>({ baseUrl, headers: { authorization: `Bearer ${answer.access_token}` } });
}

type Person = Awaited<ReturnType<typeof person>>;

async function act(who: Person, id: string, body: Action) {
  const path = { id };
  const seen = need("read", await who.GET("/api/v1/tickets/{id}", { params: { path } }));
  const header = { "Idempotency-Key": crypto.randomUUID(), "If-Match": `"${seen.version}"` };
  return need(body.action, await who.POST("/api/v1/tickets/{id}/actions", { params: { path, header }, body }));
}

const operator = await person("operator");
const header = { "Idempotency-Key": crypto.randomUUID() };
const request: components["schemas"]["RegisterIn"] = {
  requester: { phone: "13900000001" },
  category: "120302",
  title: "广场舞噪声",
  content: "每晚七点到十点，音响声音很大。",
  place: { address: "羊桥社区" },
};
const made = need("register", await operator.POST("/api/v1/tickets", { params: { header }, body: request }));
const again = need("again", await operator.POST("/api/v1/tickets", { params: { header }, body: request }));
if (again.ticket.id !== made.ticket.id) throw new Error("a retry made a second ticket");
const { id } = made.ticket;

const handlers = await Promise.all(["handler-a-440703002101", "handler-b-440703002101"].map(person));
let worker: Person | undefined;
for (const handler of handlers) {
  const seen = need("read", await handler.GET("/api/v1/tickets/{id}", { params: { path: { id } } }));
  if (seen.staff_id === made.route?.person?.id && seen.actions.includes("sign")) worker = handler;
}
if (worker === undefined) throw new Error("nobody can sign for it");
await act(worker, id, { action: "sign" });
await act(worker, id, { action: "first_contact", reached: true, by: "电话" });
await act(worker, id, { action: "reply", result: "solved", public_text: "已劝导，九点后停止。" });
await act(await person("lead-440703002101"), id, { action: "approve" });
const rating = { contacted: true, solved: true, satisfied: 5 };
const closed = await act(await person("callback"), id, { action: "call_back", reached: true, rating });
if (closed.state !== "closed") throw new Error(`it is ${closed.state}`);

// Wrong input is a problem document with the field and the rule.
const wrong = await operator.POST("/api/v1/tickets", { params: { header: { "Idempotency-Key": "x" } }, body: { ...request, title: "" } });
if (wrong.response.status !== 422 || wrong.error?.errors?.[0]?.pointer !== "/title") throw new Error(JSON.stringify(wrong.error));
console.log(`${closed.number} ${closed.state}`);
