// A hand that counts. A flow under count touches the page through it alone:
// clicks are clicks; a field is one that is typed into, chosen from or ticked,
// however many keys that takes.
import assert from "node:assert/strict";
import { settle } from "./browser.mjs";

export class Hand {
  #fields = new Set();
  clicks = 0;

  constructor(page) {
    this.page = page;
  }

  get fields() {
    return this.#fields.size;
  }

  async click(target) {
    this.clicks += 1;
    await settle(this.page, () => target.click());
  }

  async type(target, text) {
    this.#fields.add(await nameOf(target));
    await target.fill(text);
  }

  // Chooses `label` in the field called `name`, be it a list or a group of radio buttons.
  async choose(within, name, label) {
    this.#fields.add(String(name));
    const list = within.getByRole("combobox", { name });
    if ((await list.count()) > 0) {
      const options = await list.first().locator("option").allTextContents();
      const wanted = options.find((text) => label.test(text));
      assert.ok(wanted, `${name} offers ${options.join(", ")}, none is like ${label}`);
      await list.first().selectOption({ label: wanted.trim() });
      return;
    }
    const radio = within.getByRole("radio", { name: label }).first();
    await radio.check({ force: true });
  }

  atMost({ clicks, fields }) {
    assert.ok(
      this.clicks <= clicks && this.fields <= fields,
      `took ${this.clicks} clicks and ${this.fields} fields; at most ${clicks} and ${fields} are allowed`,
    );
    return `${this.clicks} clicks, ${this.fields} fields`;
  }
}

async function nameOf(target) {
  return (await target.getAttribute("name")) ?? (await target.getAttribute("id")) ?? String(target);
}
