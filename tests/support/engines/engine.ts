/** A browser engine that the main paths run in: as much of its driver as they need. */
export interface Engine {
  readonly name: 'Chromium' | 'Firefox' | 'WebKit';
  /** The Debian packages it comes with. */
  readonly packages: readonly string[];
  /** What composes in it: the browser's own input of an input method, or events that the driver makes up. */
  readonly composesBy: 'input method' | 'events';
  /** Whether all that it needs is installed. */
  isInstalled(): boolean;
  /** Starts the browser with an empty profile. Disposing of the page ends it. */
  open(): Promise<EnginePage>;
}

/** The one page of a browser. Positions are px from the top left of what is visible of the page. */
export interface EnginePage extends CanEvaluate, AsyncDisposable {
  readonly input: InputMethod;
  /** Errors on the page, and violations of its content security policy. Should stay empty. */
  problems(): Promise<readonly string[]>;
  goto(url: string): Promise<void>;
  reload(): Promise<void>;
  click(x: number, y: number): Promise<void>;
  /** Turns the wheel; up if `deltaY` is negative. */
  wheel(x: number, y: number, deltaY: number): Promise<void>;
  press(key: 'Enter' | 'ArrowUp' | 'Escape'): Promise<void>;
  type(text: string): Promise<void>;
}

/** What can run a function in a page: a page of any driver, Playwright's included. */
export interface CanEvaluate {
  evaluate<Result, Argument>(
    run: (argument: Argument) => Result | Promise<Result>,
    argument: Argument,
  ): Promise<Result>;
}

/** Composes in the field that has the focus. */
export interface InputMethod {
  /** Shows a text as being composed, in place of the one before. */
  compose(text: string): Promise<void>;
  /** Ends the composition, as the first key of the next syllable does. */
  commit(): Promise<void>;
  /** Ends it with Enter, which the page is told of as well. */
  commitWithEnter(): Promise<void>;
}
