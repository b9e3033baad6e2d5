import { beforeAll, describe } from 'vitest';
import { type Engine, engines } from './engines.ts';
import { storeContract } from './store-contract.ts';
import { storeProjections } from './store-projections.ts';
import { storeQueries } from './store-queries.ts';
import { storeRetention } from './store-retention.ts';
import { storeTexts } from './store-texts.ts';

describe.each(Object.entries(engines))('on %s', (_name, start) => {
  let engine: Engine | undefined;
  beforeAll(async () => {
    engine = await start();
    return () => engine?.[Symbol.asyncDispose]();
  });
  const running = (): Engine => {
    if (!engine) throw new Error('The engine did not start');
    return engine;
  };
  storeContract(running);
  storeProjections(running);
  storeQueries(running);
  storeTexts(running);
  storeRetention(running);
});
