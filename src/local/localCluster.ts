import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../operator/kube/clock.ts';
import type { Logger } from '../operator/kube/logger.ts';
import { JobController } from './jobController.ts';
import { MemoryCluster } from './memoryCluster.ts';
import { Objects } from './objects.ts';
import { ProcessRunner } from './processRunner.ts';

export interface LocalClusterOptions {
  clock: Clock;
  random: () => number;
  logger: Logger;
  /** Folder for volumes and logs. */
  home: string;
  /** Folders that stand for claims; all others are made below `home`. */
  volumes: ReadonlyMap<string, string>;
  commandOf: (image: string) => string[];
  /** Processes at once. */
  capacity: number;
}

export interface LocalCluster {
  cluster: MemoryCluster;
  objects: Objects;
  logs: string;
  folderOf: (claimName: string) => string;
  stop(): void;
}

/** A cluster inside this process: objects in memory, Jobs as processes, volumes as folders. */
export function startLocalCluster({
  clock,
  random,
  logger,
  home,
  volumes,
  commandOf,
  capacity,
}: LocalClusterOptions): LocalCluster {
  const objects = new Objects(() => clock.now());
  const logs = join(home, 'logs');
  const folderOf = (claimName: string) => {
    const given = volumes.get(claimName);
    if (given !== undefined) return given;
    const folder = join(home, 'volumes', claimName);
    mkdirSync(folder, { recursive: true });
    return folder;
  };
  const jobs = new JobController({ objects, clock, random });
  const processes = new ProcessRunner({ objects, clock, logger, commandOf, folderOf, logs, capacity });
  jobs.start();
  processes.start();
  return {
    cluster: new MemoryCluster(objects),
    objects,
    logs,
    folderOf,
    stop() {
      jobs.stop();
      processes.stop();
    },
  };
}
