/**
 * Keeps React working while somebody else rewrites its page: a translator that puts `<font>` elements in the place of
 * texts, an extension that marks words, a tool that reads aloud and wraps each of them.
 *
 * React remembers the nodes that it made. Where one of them was taken out, `removeChild` and `insertBefore` throw, which
 * costs the user a part of the page, and a new text goes into a node that nobody sees. So it is recorded what stands in
 * for a node that was taken out, and what was split off from a text:
 *
 * - What React removes, or inserts something before, is looked for where it now is.
 * - When React removes or changes a text, its stand-ins go, and a changed one returns to its place, where a translator
 *   that watches the page translates it again.
 */

/** The nodes that show what this node should, as they were added; they may have been replaced since in their turn. */
const standIns = new WeakMap<Node, readonly ChildNode[]>();

/** Texts that the page itself has changed since the last records: what appears beside those was not split off. */
const ownChanges = new Set<Node>();

/** Starts guarding the document. To be called once, before anything is rendered. */
export function guardDom(): void {
  // oxlint-disable-next-line typescript/unbound-method -- each is called with its node
  const { removeChild, insertBefore, appendChild } = Node.prototype;
  const nodeValue = Object.getOwnPropertyDescriptor(Node.prototype, 'nodeValue')!;

  Node.prototype.removeChild = function guarded<T extends Node>(this: Node, child: T): T {
    const others = takeStandIns(child);
    if (child.parentNode === this) removeChild.call(this, child);
    else if (child.parentNode) removeFrom(this, child);
    for (const other of others) removeFrom(this, other);
    return child;
  };

  Node.prototype.insertBefore = function guarded<T extends Node>(this: Node, node: T, next: Node | null): T {
    const place = next && placeIn(this, next);
    for (const other of takeStandIns(node)) if (other !== place) other.remove();
    return insertBefore.call(this, node, place) as T;
  };

  Node.prototype.appendChild = function guarded<T extends Node>(this: Node, node: T): T {
    for (const other of takeStandIns(node)) other.remove();
    return appendChild.call(this, node) as T;
  };

  Object.defineProperty(Node.prototype, 'nodeValue', {
    ...nodeValue,
    set(this: Node, value: string | null) {
      nodeValue.set?.call(this, value);
      if (this.nodeType !== Node.TEXT_NODE) return;
      ownChanges.add(this);
      const [first, ...others] = takeStandIns(this);
      if (this.parentNode) first?.remove();
      else first?.replaceWith(this as Text);
      for (const other of others) other.remove();
    },
  });

  new MutationObserver(record).observe(document, { childList: true, characterData: true, subtree: true });
}

/** Removes a node that is somewhere in `parent`, and the elements around it that are empty then: React made none of them. */
function removeFrom(parent: Node, node: Node): void {
  let around = node.parentNode;
  (node as ChildNode).remove();
  while (around && around !== parent && parent.contains(around) && !around.hasChildNodes()) {
    const empty = around as Element;
    around = empty.parentNode;
    empty.remove();
  }
}

/** The child of `parent` at which a node, or what stands in for it, begins; null if it is nowhere in there. */
function placeIn(parent: Node, node: Node): Node | null {
  let place: Node | null = node.parentNode ? node : (shownFor(node)[0] ?? null);
  while (place && place.parentNode !== parent) place = place.parentNode;
  return place;
}

/** The nodes in the page that stand in for a node, which have no more to do with it from now on. */
function takeStandIns(node: Node): ChildNode[] {
  const shown = shownFor(node);
  standIns.delete(node);
  return shown;
}

function shownFor(node: Node): ChildNode[] {
  return (standIns.get(node) ?? []).flatMap((each) => (each.parentNode ? [each] : shownFor(each)));
}

/**
 * Takes in what happened in the page since the last time. React's own changes are in there too; that is no harm, since
 * React never touches a node again that it has removed.
 */
function record(records: readonly MutationRecord[]): void {
  const added = new Set<Node>();
  for (const { addedNodes } of records) for (const node of addedNodes) added.add(node);
  for (const { type, target, removedNodes, addedNodes, previousSibling, nextSibling } of records) {
    if (type === 'characterData') {
      if (!ownChanges.has(target)) splitOff(target, added);
      continue;
    }
    for (const node of removedNodes) {
      // One that was only moved, as into an element around it, is found where it is.
      if (node.parentNode) continue;
      const instead = addedNodes.length > 0 ? [...addedNodes] : [previousSibling, nextSibling];
      const others = instead.filter((each) => each !== null && each !== node && added.has(each)) as ChildNode[];
      standInFor(node, others);
    }
  }
  ownChanges.clear();
}

/** A text was shortened by somebody else: what has been added behind it is the rest of it. */
function splitOff(text: Node, added: ReadonlySet<Node>): void {
  let first = text;
  while (first.parentNode && added.has(first.parentNode)) first = first.parentNode;
  const rest: ChildNode[] = [];
  for (let next = first.nextSibling; next && added.has(next); next = next.nextSibling) rest.push(next);
  standInFor(text, rest);
}

function standInFor(node: Node, others: readonly ChildNode[]): void {
  if (others.length > 0) standIns.set(node, [...others, ...shownFor(node).filter((each) => !others.includes(each))]);
}
