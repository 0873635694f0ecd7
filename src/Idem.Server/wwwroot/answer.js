// One answer: its tokens as they come, what else each could have been, its receipt, and its replay.

import { $, make } from "./dom.js";
import { post, receipt } from "./api.js";

const tip = $("tip");

export class Answer {
  constructor(log, who, given) {
    this.text = make("div", { className: "text", role: "group", ariaLabel: "Answer, token by token: use the arrow keys" });
    this.foot = make("div", { className: "foot" });
    this.root = make("article", { className: "turn answer busy" }, make("p", { className: "who" }, who), this.text, this.foot);
    this.tokens = [];
    this.whole = "";
    this.root.setAttribute("aria-busy", "true");
    if (given) {
      this.text.append(make("span", { className: "given" }, given));
    }
    this.text.addEventListener("keydown", (event) => this.walk(event));
    this.text.addEventListener("pointerover", (event) => this.show(event.target));
    this.text.addEventListener("pointerleave", () => hide());
    this.text.addEventListener("focusin", (event) => this.show(event.target));
    this.text.addEventListener("focusout", () => hide());
    log.append(this.root);
    this.log = log;
    this.follow();
  }

  /** Adds a part: its text and the tokens that it was made from. */
  add(text, tokens) {
    if (text === "" && tokens.length === 0) {
      return;
    }
    const atEnd = this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 60;
    this.whole += text;
    const surprise = Math.max(0, ...tokens.map((token) => -token.logprob / Math.LN2)); // in bits
    const span = make("span", { className: `token p${Math.min(9, Math.round(surprise))}`, tabIndex: this.tokens.length === 0 ? 0 : -1 }, text);
    span.tokens = tokens;
    this.tokens.push(span);
    this.text.append(span);
    if (atEnd) {
      this.follow();
    }
  }

  /** The answer is whole. */
  end({ reason, seed, count, id }) {
    this.settle();
    const facts = [`${count} token${count === 1 ? "" : "s"}`, reason === "length" ? "reached the max tokens" : "ended by itself"];
    this.foot.append(make("span", {}, facts.join(", ")), make("span", {}, "seed ", make("code", {}, seed)));
    if (id) {
      this.foot.append(...this.proof(id));
    }
    this.follow();
  }

  /** There is no more of it. */
  fail(message) {
    this.settle();
    this.foot.append(make("span", { className: "error", role: "alert" }, message));
    this.follow();
  }

  settle() {
    this.root.classList.remove("busy");
    this.root.removeAttribute("aria-busy");
  }

  follow() {
    this.log.scrollTop = this.log.scrollHeight;
  }

  proof(id) {
    const verdict = make("span", { className: "verdict", role: "status" });
    const button = make("button", { type: "button", className: "quiet" }, "Replay");
    button.addEventListener("click", async () => {
      button.disabled = true;
      verdict.className = "verdict";
      verdict.textContent = "making it again\u2026";
      try {
        const result = await post("/v1/verify", { receipt_id: id });
        verdict.classList.add(result.equal ? "good" : "bad");
        verdict.textContent = result.equal
          ? `\u2713 equal: ${result.tokens_compared} tokens, every id, log-probability and logit`
          : told(result.mismatches[0]);
      } catch (failure) {
        verdict.classList.add("bad");
        verdict.textContent = failure.message;
      }
      button.disabled = false;
      this.follow();
    });
    const content = make("pre", { tabIndex: 0 }, "\u2026");
    const details = make("details", { className: "receipt" }, make("summary", {}, "Receipt ", make("code", {}, id.slice(0, 22) + "\u2026")), content);
    details.addEventListener("toggle", async () => {
      if (details.open && content.textContent === "\u2026") {
        try {
          content.textContent = await receipt(id);
        } catch (failure) {
          content.textContent = failure.message;
        }
      }
    });
    return [button, verdict, details];
  }

  // One tab stop for all tokens; the arrow keys go from one to the next.
  walk(event) {
    const at = this.tokens.indexOf(event.target);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: this.tokens.length - 1 }[event.key];
    if (event.key === "Escape") {
      hide();
    } else if (at >= 0 && this.tokens[to]) {
      event.preventDefault();
      this.tokens[at].tabIndex = -1;
      this.tokens[to].tabIndex = 0;
      this.tokens[to].focus();
    }
  }

  show(span) {
    if (!span.tokens?.length) {
      hide();
      return;
    }
    tip.replaceChildren(...span.tokens.map(table));
    tip.hidden = false;
    span.setAttribute("aria-describedby", "tip");
    const place = span.getClientRects()[0] ?? span.getBoundingClientRect();
    const box = tip.getBoundingClientRect();
    tip.style.left = `${Math.max(8, Math.min(place.left, innerWidth - box.width - 8))}px`;
    tip.style.top = `${place.top - box.height - 8 > 0 ? place.top - box.height - 8 : place.bottom + 8}px`;
  }
}

function told({ field, stated, found, reason }) {
  return `\u2717 not equal: ${field}: the receipt says ${stated}, ${found}${reason ? `: ${reason}` : ""}`;
}

export function hide() {
  tip.hidden = true;
}

function table(token) {
  const rows = token.top.some((other) => other.text === token.text) ? token.top : [token, ...token.top];
  return make("table", {}, make("tbody", {}, ...rows.map((other) => {
    const share = Math.exp(other.logprob);
    return make("tr", { className: other.text === token.text ? "drawn" : "" },
      make("td", {}, visible(other.text)),
      make("td", {}, make("meter", { min: 0, max: 1, value: share, ariaHidden: "true" })),
      make("td", {}, share >= 0.0001 ? `${(share * 100).toFixed(2)} %` : share.toExponential(1)));
  })));
}

function visible(text) {
  return text === "" ? "(no text)" : text.replaceAll("\n", "\u21B5").replaceAll("\t", "\u21E5").replaceAll(" ", "\u00B7");
}
