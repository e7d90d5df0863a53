/* onnxruntime-web in the worker: fetched from where the page was told, its hash checked by the browser, run from a blob. */
import { apart } from "./pieces.js";

/** A fault that the page has a sentence for. why: "runtime", "memory", "nan", "network" or "wasm". */
export class Fault extends Error {
  constructor(why, cause) {
    super(`${why}: ${cause?.message ?? cause ?? ""}`);
    this.why = why;
  }
}

const fetched = async (address, integrity) => {
  const answer = await fetch(address, { integrity, mode: "cors", credentials: "omit", referrerPolicy: "no-referrer" });
  if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
  return answer.arrayBuffer();
};

/** {mjs, wasm} as buffers from the first place that has them, the server itself before the CDN -> [buffers, "local" or "cdn"]. */
const files = async ({ local, cdn, integrity }, news) => {
  let last = "no place to load it from";
  for (const [place, addresses] of [["local", local], ["cdn", cdn]]) {
    if (!addresses) continue;
    news(0, place);
    try {
      const [mjs, wasm] = await Promise.all([fetched(addresses.mjs, integrity.mjs), fetched(addresses.wasm, integrity.wasm)]);
      return [{ mjs, wasm }, place];
    } catch (error) { last = error; }
  }
  throw new Fault("runtime", last);
};

/** where: {local, cdn, integrity, bytes}; news: called with the share that has come and the place it comes from -> {ort, place}. */
export const loadRuntime = async (where, news) => {
  const [{ mjs, wasm }, place] = await files(where, news);
  news(0.9, place);
  const script = URL.createObjectURL(new Blob([mjs], { type: "text/javascript" }));
  try {
    const ort = await import(script);
    ort.env.logLevel = "error";
    Object.assign(ort.env.wasm, { numThreads: 1, proxy: false, wasmBinary: wasm });
    news(1, place);
    return { ort, place };
  } catch (error) {
    throw new Fault("runtime", error);
  } finally { URL.revokeObjectURL(script); }
};

const OPTIONS = { executionProviders: ["wasm"], enableCpuMemArena: false, enableMemPattern: false, graphOptimizationLevel: "all" };

/** Sessions of the graphs, each made when it is first asked for. about: `graphs` of the manifest; bytes: {name: Uint8Array}. */
export class Sessions {
  constructor(ort, about, bytes) {
    Object.assign(this, { ort, about, bytes, made: new Map() });
  }

  async #session(name) {
    if (!this.made.has(name)) this.made.set(name, await this.ort.InferenceSession.create(this.bytes[name], { ...OPTIONS }));
    this.ort.env.wasm.wasmBinary = undefined; // compiled by now, and 14 MB
    return this.made.get(name);
  }

  /**
   * Run a graph on plain arrays and numbers, by the names of its inputs -> its outputs as arrays. What is named with a dot is a piece of a whole:
   * the input flat.w_y is inputs.flat.w_y.
   */
  async run(name, inputs) {
    const session = await this.#session(name);
    const feeds = {};
    for (const [input, [type, dims]] of Object.entries(this.about[name].inputs)) {
      const [whole, piece] = apart(input);
      const value = piece ? inputs[whole][piece] : inputs[whole];
      feeds[input] = new this.ort.Tensor(type, typeof value === "number" ? new Float32Array([value]) : value, dims);
    }
    const found = {};
    for (const [output, tensor] of Object.entries(await session.run(feeds))) {
      const [whole, piece] = apart(output);
      if (piece) (found[whole] ??= {})[piece] = tensor.data;
      else found[whole] = tensor.data;
    }
    return found;
  }

  async release() {
    for (const session of this.made.values()) await session.release();
    this.made.clear();
  }
}

/** Whatever went wrong -> a Fault. */
export const asFault = (error) => {
  if (error instanceof Fault) return error;
  const said = String(error?.message ?? error);
  return new Fault(/memory|alloc|Aborted|grow/i.test(said) ? "memory" : "worker", error);
};
