// The way to the server that this page came from, and to no other.

let key = "";

export function useKey(value) {
  key = value.trim();
}

/** What the server answers to a GET, as JSON. */
export async function get(path, signal) {
  return read(await ask(path, { headers: headers(), signal }));
}

/** What the server answers to an object, as JSON. */
export async function post(path, body, signal) {
  return read(await ask(path, { method: "POST", headers: { ...headers(), "Content-Type": "application/json" }, body: JSON.stringify(body), signal }));
}

/** The bytes of a receipt, as text. */
export async function receipt(id) {
  const response = await ask(`/v1/receipts/${encodeURIComponent(id)}`, { headers: headers() });
  if (!response.ok) {
    await read(response);
  }
  return response.text();
}

/** The events of a streamed answer, one after another. `body` is JSON text: seeds are longer than a number here can hold. */
export async function* stream(path, body, signal) {
  const response = await ask(path, { method: "POST", headers: { ...headers(), "Content-Type": "application/json" }, body, signal });
  if (!response.ok) {
    await read(response);
  }
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let held = "";
  for (;;) {
    const { value, done } = await reader.read().catch((failure) => {
      if (failure.name === "AbortError") {
        throw failure;
      }
      return { done: true };
    });
    if (done) {
      throw new Error("The server ended the answer before it was whole.");
    }
    held += value;
    for (let end = held.indexOf("\n\n"); end >= 0; end = held.indexOf("\n\n")) {
      const data = held.slice("data: ".length, end);
      held = held.slice(end + 2);
      if (data === "[DONE]") {
        return;
      }
      // The seed as it is written: it may have 64 bits.
      const event = { ...JSON.parse(data), seedText: /"seed":(\d+)/.exec(data)?.[1] };
      if (event.error) {
        throw new Error(event.error.message);
      }
      yield event;
    }
  }
}

// What browsers say of a server that is not there differs, and helps nobody.
async function ask(path, options) {
  try {
    return await fetch(path, options);
  } catch (failure) {
    throw failure.name === "AbortError" ? failure : new Error("The server does not answer.");
  }
}

function headers() {
  return key === "" ? {} : { Authorization: `Bearer ${key}` };
}

async function read(response) {
  const text = await response.text();
  let value = null;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error(`The server answered ${response.status}, and not in JSON.`);
  }
  if (!response.ok) {
    const wait = response.headers.get("Retry-After");
    const failure = new Error((value.error?.message ?? `The server answered ${response.status}.`) + (wait ? ` Try again in ${wait} s.` : ""));
    failure.status = response.status;
    throw failure;
  }
  return value;
}
