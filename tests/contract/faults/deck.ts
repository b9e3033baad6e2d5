import { type Fault, pause, type Random, type World } from '@madang/verify';

/** Faults in a random order: first each once, then each as often as it weighs before any comes more often. */
export class Deck {
  readonly #random: Random;
  #kinds: string[] = [];
  #isFirst = true;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Plays faults until the time is over, with up to `pauseMs` between them. The deck's order goes on over runs. */
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
