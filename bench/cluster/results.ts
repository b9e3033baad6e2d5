import type { DeliveryFigure } from './deliveries.ts';
import type { ComingFigure, IdleFigure, RoomsFigure } from './idle.ts';
import type { LogRate } from './log-rate.ts';
import type { RoundTripFigure } from './round-trips.ts';

/** What a run found. */
export interface ClusterResults {
  machine: {
    cores: string;
    node: string;
    postgres: string;
    date: string;
    minutes: number;
    form: 'quick' | 'full';
    /** Other work on the machine: its load average before the run. */
    loadBefore: number;
    /** How long the disk takes to flush PostgreSQL's log, on average, in ms. */
    flushMs: number;
  };
  deliveries: DeliveryFigure[];
  logRates: LogRate[];
  roundTrips?: RoundTripFigure;
  /** With nobody connected, for 1, 2, 3 nodes. */
  empty: IdleFigure[];
  coming?: { came: ComingFigure; stayed: IdleFigure; went: ComingFigure; bytes: number };
  rooms?: RoomsFigure;
}
