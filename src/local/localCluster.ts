import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../operator/kube/clock.ts';
import type { Logger } from '../operator/kube/logger.ts';
import { CompletedPods } from './completedPods.ts';
import { JobController } from './jobController.ts';
import { MemoryClient } from './memoryClient.ts';
import { Objects } from './objects.ts';
import { PodLogs } from './podLogs.ts';
import { ProcessRunner } from './processRunner.ts';

export interface LocalClusterOptions {
  clock: Clock;
  random: () => number;
  logger: Logger;
  /** Folder for volumes, logs and records of completed pods. */
  home: string;
  /** Folders that stand for claims; all others are made below `home`. */
  volumes: ReadonlyMap<string, string>;
  /** What a variable from a Secret is: there are no Secrets here. */
  secretOf?: (variable: string) => string | undefined;
  commandOf: (image: string) => string[];
  /** Processes at once. */
  capacity: number;
}

export interface LocalCluster {
  client: MemoryClient;
  objects: Objects;
  /** Path of a pod's log. */
  logOf: (pod: string) => string;
  folderOf: (claimName: string) => string;
  /** Processes that run or are being started. */
  processes: () => number;
  /** Ends every process at once; settles when the last has ended. */
  stop(): Promise<void>;
}

/** Where a claim's folder is, or will be. */
export const claimFolder = (home: string, volumes: ReadonlyMap<string, string>, claimName: string): string =>
  volumes.get(claimName) ?? join(home, 'volumes', claimName);

/** A cluster inside this process: objects in memory, Jobs as processes, volumes as folders. */
export function startLocalCluster(options: LocalClusterOptions): LocalCluster {
  const { clock, random, logger, home, volumes, commandOf, secretOf, capacity } = options;
  const objects = new Objects(() => clock.now());
  const logs = new PodLogs(join(home, 'logs'));
  const folderOf = (claimName: string) => {
    const folder = claimFolder(home, volumes, claimName);
    mkdirSync(folder, { recursive: true });
    return folder;
  };
  const completed = new CompletedPods(join(home, 'completed'), folderOf);
  const jobs = new JobController({ objects, clock, random });
  const processes = new ProcessRunner({
    ...{ objects, clock, logger, commandOf, folderOf, secretOf, logs, completed, capacity },
  });
  jobs.start();
  processes.start();
  return {
    client: new MemoryClient(objects, clock),
    objects,
    logOf: (pod) => logs.pathOf(pod),
    folderOf,
    processes: () => processes.count,
    stop() {
      jobs.stop();
      return processes.stop();
    },
  };
}
