/* The random numbers of Python and of torch, so that a run in the browser starts and goes as the server's run of the same seed. Both draw from the
   Mersenne Twister MT19937 (Matsumoto and Nishimura 1998) and differ in how they seed and read it. */
const N = 624;
const M = 397;
const INIT = 1812433253;

/** MT19937: 32 random bits at a time. */
export class Twister {
  constructor() { this.state = new Uint32Array(N); }

  /** As torch.Generator().manual_seed(seed); of a seed over 32 bits the lower ones count. */
  static ofTorch(seed) { return new Twister().#fill(seed); }

  /** As Python's random.Random(seed) for whole numbers below 2^53. */
  static ofPython(seed) {
    const whole = Math.abs(seed);
    const key = whole < 2 ** 32 ? [whole >>> 0] : [whole % 2 ** 32 >>> 0, Math.floor(whole / 2 ** 32)];
    const twister = new Twister().#fill(19650218);
    const { state } = twister;
    const mix = (i, factor) => Math.imul(state[i - 1] ^ (state[i - 1] >>> 30), factor);
    let i = 1;
    const next = () => { i += 1; if (i >= N) { state[0] = state[N - 1]; i = 1; } };
    for (let k = 0, j = 0; k < Math.max(N, key.length); k += 1) {
      state[i] = (state[i] ^ mix(i, 1664525)) + key[j] + j;
      next();
      j = (j + 1) % key.length;
    }
    for (let k = 0; k < N - 1; k += 1) {
      state[i] = (state[i] ^ mix(i, 1566083941)) - i;
      next();
    }
    state[0] = 0x80000000;
    return twister;
  }

  #fill(seed) {
    const { state } = this;
    state[0] = seed % 2 ** 32;
    for (let i = 1; i < N; i += 1) state[i] = Math.imul(INIT, state[i - 1] ^ (state[i - 1] >>> 30)) + i;
    this.at = N;
    return this;
  }

  #turn() {
    const { state } = this;
    for (let i = 0; i < N; i += 1) {
      const y = (state[i] & 0x80000000) | (state[(i + 1) % N] & 0x7fffffff);
      state[i] = state[(i + M) % N] ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
    }
    this.at = 0;
  }

  /** 0 … 2^32 − 1 */
  bits() {
    if (this.at >= N) this.#turn();
    let y = this.state[this.at];
    this.at += 1;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }
}

const BLOCK = 16;
const CIRCLE = Math.fround(2 * Math.PI); // torch rounds the angle to float32
const uniform = (twister) => (twister.bits() & 0xffffff) / 0x1000000; // torch's float32 has 24 bits

/** Sixteen uniform numbers from `start` on become normal ones, by Box and Muller: the first eight are radii, the others angles. */
const boxMuller = (numbers, start) => {
  for (let i = start; i < start + BLOCK / 2; i += 1) {
    const radius = Math.sqrt(-2 * Math.log(Math.fround(1 - numbers[i])));
    const angle = Math.fround(CIRCLE * numbers[i + BLOCK / 2]);
    numbers[i] = radius * Math.cos(angle);
    numbers[i + BLOCK / 2] = radius * Math.sin(angle);
  }
};

/** torch.randn(n, generator=twister), n of at least 16 -> Float32Array. */
export const randn = (twister, n) => {
  if (n < BLOCK) throw new RangeError("torch draws fewer than 16 numbers in another way");
  const numbers = Float32Array.from({ length: n }, () => uniform(twister));
  for (let start = 0; start + BLOCK <= n; start += BLOCK) boxMuller(numbers, start);
  if (n % BLOCK) {
    for (let i = n - BLOCK; i < n; i += 1) numbers[i] = uniform(twister);
    boxMuller(numbers, n - BLOCK);
  }
  return numbers;
};

/** torch.randint(low, high, (n,), generator=twister) */
export const randint = (twister, low, high, n) => Array.from({ length: n }, () => low + (twister.bits() % (high - low)));

/** random.Random.sample(items, n), twister from `Twister.ofPython`. */
export const sample = (twister, items, n) => {
  const below = (limit) => {
    const shift = Math.clz32(limit); // as many bits as the limit has
    for (;;) {
      const drawn = twister.bits() >>> shift;
      if (drawn < limit) return drawn;
    }
  };
  const sizeOfSet = 21 + (n > 5 ? 4 ** Math.ceil(Math.log(n * 3) / Math.log(4)) : 0);
  if (items.length <= sizeOfSet) {
    const pool = [...items];
    return Array.from({ length: n }, (_, i) => {
      const j = below(items.length - i);
      const drawn = pool[j];
      pool[j] = pool[items.length - i - 1];
      return drawn;
    });
  }
  const taken = new Set();
  return Array.from({ length: n }, () => {
    let j = below(items.length);
    while (taken.has(j)) j = below(items.length);
    taken.add(j);
    return items[j];
  });
};
