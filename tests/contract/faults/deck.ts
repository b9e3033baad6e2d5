import { type Fault, pause, type Random, type World } from '@madang/verify';

/** Faults in random order: first each once, then each as often as its weight before any occurs more often. */
export class Deck {
  readonly #random: Random;
  #kinds: string[] = [];
  #isFirst = true;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Runs faults until the time is over, with pauses of up to `pauseMs`. The deck's order continues across runs. */
  async play(faults: readonly Fault[], world: World, isOver: () => boolean, pauseMs = 300): Promise<void> {
    while (!isOver()) {
      await pause(world.random.between(0, pauseMs));
      if (isOver()) return;
      await this.#draw(faults)?.run(world);
    }
  }

  #draw(faults: readonly Fault[]): Fault | undefined {
    if (this.#kinds.length === 0) {
      const tickets = faults.flatMap(({ kind, weight }) =>
        Array.from({ length: this.#isFirst ? 1 : weight }, () => kind),
      );
      this.#isFirst = false;
      this.#kinds = this.#random.shuffle(tickets);
    }
    const next = this.#kinds.pop();
    return faults.find(({ kind }) => kind === next);
  }
}
