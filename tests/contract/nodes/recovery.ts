import { type Fault, type World, until } from '@madang/verify';
import { Probe } from './probe.ts';

/** How long to wait for a recovery, in ms, before it counts as failed. */
const LIMIT_MS = 45_000;

/** How long it took, after a moment, until every live node worked again, in ms. */
export interface Recovery {
  /** Until a send through each was acknowledged. */
  sends: number;
  /** Until each delivered an event that was sent through another. */
  shows: number;
}

/** A fault, and the recovery times from its beginning and from its end. */
export interface Measured {
  kind: string;
  fromBegin: Recovery;
  fromEnd: Recovery;
}

/** A moment, and when each node first did something that was started after it. */
interface Mark {
  at: number;
  sends: (number | undefined)[];
  shows: (number | undefined)[];
}

/** Watches every node with a probe, and measures how long the effects of faults last. */
export class Watch {
  readonly measured: Measured[] = [];
  readonly #world: World;
  readonly #probes: readonly Probe[];
  #marks: Mark[] = [];

  private constructor(world: World, tokens: readonly string[]) {
    this.#world = world;
    this.#probes = tokens.map(
      (token, node) => new Probe({ node, token, url: world.proxy.urls[node] as string, listener: this }),
    );
  }

  /** Brings a probe to each node. */
  static async start(world: World): Promise<Watch> {
    const tokens: string[] = [];
    for (const [node] of world.subjects.entries()) tokens.push((await world.keeper.guest(`probe ${node}`)).token);
    const watch = new Watch(world, tokens);
    let room: string | undefined;
    for (const probe of watch.#probes) room = await probe.start(room);
    return watch;
  }

  /** The same fault, measured: it is over when all nodes have recovered. Throws if they don't. */
  measure(fault: Fault): Fault {
    return {
      ...fault,
      run: async (world) => {
        const begin = this.#mark();
        const whole = this.#recovery(begin);
        await fault.run(world);
        const fromEnd = await this.#recovery(this.#mark());
        const fromBegin = await whole;
        this.#marks = [];
        if (!fromEnd || !fromBegin) throw new Error(`${fault.kind}: not recovered; ${this.#describe()}`);
        this.measured.push({ kind: fault.kind, fromBegin, fromEnd });
      },
    };
  }

  async close(): Promise<void> {
    await Promise.all(this.#probes.map((probe) => probe.close()));
  }

  acknowledged(node: number, sentAt: number): void {
    for (const mark of this.#marks) if (sentAt >= mark.at) mark.sends[node] ??= performance.now() - mark.at;
  }

  shown(node: number, from: number, sentAt: number): void {
    if (node === from) return;
    for (const mark of this.#marks) if (sentAt >= mark.at) mark.shows[node] ??= performance.now() - mark.at;
  }

  #mark(): Mark {
    const mark: Mark = { at: performance.now(), sends: [], shows: [] };
    this.#marks.push(mark);
    return mark;
  }

  /** Resolves when every open node has recovered since a mark; to undefined if that takes too long. */
  async #recovery(mark: Mark): Promise<Recovery | undefined> {
    let recovery: Recovery | undefined;
    const look = () => (recovery = this.#recoveredOf(mark)) !== undefined;
    await until(look, LIMIT_MS, 10);
    return recovery;
  }

  #recoveredOf({ sends, shows }: Mark): Recovery | undefined {
    const live = this.#live();
    const times = { sends: live.map((node) => sends[node]), shows: live.map((node) => shows[node]) };
    const isWhole = (each: readonly (number | undefined)[]): each is number[] => !each.includes(undefined);
    if (live.length === 0 || !isWhole(times.sends) || !isWhole(times.shows)) return undefined;
    return { sends: Math.max(...times.sends), shows: Math.max(...times.shows) };
  }

  #live(): number[] {
    return [...this.#world.subjects.keys()].filter((node) => this.#world.subjects[node]?.isOpen());
  }

  #describe(): string {
    const mark = this.#marks.at(-1);
    const words = this.#live().map((node) => {
      const state = `sends ${mark?.sends[node] ?? 'never'}, shows ${mark?.shows[node] ?? 'never'}`;
      return `node ${node}: ${state}: ${this.#world.subjects[node]?.output().slice(-1500)}`;
    });
    return words.join('\n');
  }
}
