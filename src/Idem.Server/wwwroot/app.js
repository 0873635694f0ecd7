// The playground: a conversation or a text, answered token by token.

import { $, make } from "./dom.js";
import { get, stream, useKey } from "./api.js";
import { Answer, hide } from "./answer.js";
import { watch } from "./load.js";

const TopTokens = 5;
const log = $("log"), prompt = $("prompt"), status = $("status"), empty = $("empty");
let model = null, isChat = true, running = null;
let turns = [];

async function begin() {
  try {
    model = (await get("/v1/models")).data[0];
  } catch (failure) {
    model = null;
    tell(failure.message, true);
    if (failure.status === 401) {
      $("access").open = true;
    }
    return;
  }
  tell("");
  $("model").textContent = `${model.id} \u00B7 ${model.dtype}`;
  document.title = `Idem \u00B7 ${model.id}`;
  $("facts").replaceChildren(...Object.entries({ context: model.max_model_len, weights: model.dtype, "keys, values": model.kv_cache_dtype, fingerprint: model.system_fingerprint })
    .flatMap(([name, value]) => [make("dt", {}, name), make("dd", { title: value }, String(value))]));
  $("max_tokens").max = model.max_model_len;
  adopt(model.generation_defaults);
  $("tab-chat").disabled = !model.chat;
  $("tab-chat").title = model.chat ? "" : "The model has no chat template";
  choose(model.chat);
}

// What the model says of drawing is what the form begins with.
function adopt({ max_new_tokens, ...said }) {
  const values = max_new_tokens ? { ...said, max_tokens: Math.min(max_new_tokens, model.max_model_len) } : said;
  for (const [name, value] of Object.entries(values)) {
    const input = $(name);
    if (input) {
      input.value = value;
      input.step = input.validity.stepMismatch ? "any" : input.step;
    }
  }
}

function choose(chat) {
  isChat = chat;
  const tabs = [$("tab-chat"), $("tab-completion")];
  tabs.forEach((tab, i) => {
    const isOn = (i === 0) === chat;
    tab.setAttribute("aria-selected", isOn);
    tab.tabIndex = isOn ? 0 : -1;
  });
  $("stage").setAttribute("aria-labelledby", tabs[chat ? 0 : 1].id);
  $("prompt-label").textContent = chat ? "Message" : "Text to continue";
  $("send").textContent = chat ? "Send" : "Continue";
  clear();
}

function clear() {
  running?.abort();
  turns = [];
  hide();
  log.replaceChildren(empty);
}

function request(text) {
  const number = (id) => Number($(id).value);
  const fields = {
    model: model.id,
    temperature: number("temperature"), top_p: number("top_p"), top_k: number("top_k"), min_p: number("min_p"),
    presence_penalty: number("presence_penalty"), frequency_penalty: number("frequency_penalty"), repetition_penalty: number("repetition_penalty"),
    max_tokens: number("max_tokens"), stream: true, stream_options: { include_usage: true },
    ...(isChat ? { messages: [...turns, { role: "user", content: text }], logprobs: true, top_logprobs: TopTokens } : { prompt: text, logprobs: TopTokens }),
  };
  if ($("stop_text").value !== "") {
    fields.stop = $("stop_text").value.replaceAll("\\n", "\n");
  }
  const schema = $("schema").value.trim();
  if (schema !== "") {
    fields.response_format = { type: "json_schema", json_schema: { name: "answer", schema: JSON.parse(schema) } };
  }
  const json = JSON.stringify(fields), seed = $("seed").value.trim();
  return seed === "" ? json : `${json.slice(0, -1)},"seed":${seed}}`;
}

async function send() {
  const text = prompt.value;
  if (running || text === "" || !model || !$("settings").reportValidity()) {
    return;
  }
  let body = "";
  try {
    body = request(text);
  } catch (failure) {
    tell(`The schema is not JSON: ${failure.message}`, true);
    return;
  }
  empty.remove();
  tell("");
  if (isChat) {
    log.append(make("article", { className: "turn user" }, make("p", { className: "who" }, "You"), make("div", { className: "text" }, text)));
    prompt.value = "";
  }
  const answer = new Answer(log, isChat ? model.id : "Continued", isChat ? "" : text);
  answer.root.classList.toggle("completion", !isChat);
  running = new AbortController();
  busy(true);
  const ended = { reason: null, seed: "", count: 0, id: null };
  try {
    for await (const event of stream(isChat ? "/v1/chat/completions" : "/v1/completions", body, running.signal)) {
      take(answer, event, ended);
    }
    answer.end(ended);
    if (isChat) {
      turns.push({ role: "user", content: text }, { role: "assistant", content: answer.whole });
    }
  } catch (failure) {
    answer.fail(failure.name === "AbortError" ? "stopped" : failure.message);
  }
  running = null;
  busy(false);
  prompt.focus();
}

function take(answer, event, ended) {
  ended.seed = event.seedText ?? ended.seed;
  ended.count = event.usage?.completion_tokens ?? ended.count;
  ended.id = event.receipt_ids?.[0] ?? ended.id;
  const choice = event.choices[0];
  if (choice) {
    ended.reason = choice.finish_reason ?? ended.reason;
    answer.add(choice.delta ? choice.delta.content ?? "" : choice.text, tokensOf(choice.logprobs));
  }
}

// Both of OpenAI's shapes as one.
function tokensOf(logprobs) {
  if (!logprobs) {
    return [];
  }
  if (logprobs.content) {
    return logprobs.content.map((token) => ({ text: token.token, logprob: token.logprob, top: token.top_logprobs.map((other) => ({ text: other.token, logprob: other.logprob })) }));
  }
  return logprobs.tokens.map((text, i) => ({
    text, logprob: logprobs.token_logprobs[i], top: Object.entries(logprobs.top_logprobs[i]).map(([other, logprob]) => ({ text: other, logprob })).sort((a, b) => b.logprob - a.logprob),
  }));
}

function busy(isBusy) {
  $("send").disabled = isBusy;
  $("stop").hidden = !isBusy;
}

function tell(text, isError = false) {
  status.textContent = text;
  status.classList.toggle("error", isError);
}

$("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  send();
});
prompt.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.isComposing && (isChat ? !event.shiftKey : event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    send();
  }
});
$("stop").addEventListener("click", () => running?.abort());
$("clear").addEventListener("click", () => {
  clear();
  prompt.focus();
});
for (const id of ["settings", "key-form"]) {
  $(id).addEventListener("submit", (event) => event.preventDefault());
}
$("key").addEventListener("change", (event) => {
  useKey(event.target.value);
  begin();
});
for (const [id, chat] of [["tab-chat", true], ["tab-completion", false]]) {
  $(id).addEventListener("click", () => choose(chat));
  $(id).addEventListener("keydown", (event) => {
    if ((event.key === "ArrowRight" || event.key === "ArrowLeft") && model?.chat) {
      choose(!isChat);
      $(isChat ? "tab-chat" : "tab-completion").focus();
    }
  });
}
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    hide();
  }
});
log.addEventListener("scroll", hide);
if (matchMedia("(max-width: 860px)").matches) {
  $("parameters").open = false;
}
await begin();
watch();
