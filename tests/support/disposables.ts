/** Everything a test has opened, disposed of at its end in reverse order. Node 20 has no `AsyncDisposableStack`. */
export class Disposables implements AsyncDisposable {
  readonly #all: AsyncDisposable[] = [];

  use<Resource extends AsyncDisposable>(resource: Resource): Resource {
    this.#all.push(resource);
    return resource;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (let each = this.#all.pop(); each; each = this.#all.pop()) await each[Symbol.asyncDispose]();
  }
}
