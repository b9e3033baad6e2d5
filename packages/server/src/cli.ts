#!/usr/bin/env node
import { Command } from 'commander';
import { start } from './cli/start.js';
import { addFlags, readConfig } from './config.js';
import { StartError } from './errors.js';

const program = addFlags(new Command('madang'))
  .description('Real-time chat for your own server.')
  .helpOption('--help', 'Show this')
  .allowExcessArguments(false)
  .action(() => start(readConfig(program)));

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof StartError)) throw error;
  process.stderr.write(`madang: ${error.message}\n`);
  process.exitCode = 1;
}
