import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { constantsOf, planOf, type Workload } from './model.ts';
import { constantsTable, planSteps, plansTable } from './plan-table.ts';
import { machineLine } from './results-page.ts';
import type { ClusterResults } from './results.ts';

const page = fileURLToPath(new URL('../../docs/scaling.md', import.meta.url));

/** The page's workload: a fixed amount per node. */
export function workloadOf(nodes: number): Workload {
  return {
    nodes,
    connections: 10_000 * nodes,
    messagesPerSecond: 100 * nodes,
    peoplePerRoom: 50,
    roomsPerPerson: 5,
    minutes: 30,
  };
}

/** Writes a run's figures, and the plan they lead to, between the marks in `docs/scaling.md`. */
export function writePlanPage(results: ClusterResults): void {
  const constants = constantsOf(results);
  const million = planOf(constants, workloadOf(100));
  const parts: Record<string, string> = {
    constants: `${machineLine(results)}\n\n${constantsTable(constants)}`,
    steps: planSteps(million, constants),
    nodes: plansTable([1, 3, 10, 100].map((nodes) => planOf(constants, workloadOf(nodes)))),
  };
  let text = readFileSync(page, 'utf8');
  for (const [name, part] of Object.entries(parts)) {
    const marked = new RegExp(`(<!-- ${name}: [^\\n]*-->\\n)[\\s\\S]*?(<!-- end of ${name} -->)`);
    if (!marked.test(text)) throw new Error(`docs/scaling.md has no place for ${name}`);
    text = text.replace(marked, (_all, begin: string, end: string) => `${begin}\n${part}\n\n${end}`);
  }
  writeFileSync(page, text);
}
