import { readdirSync, readFileSync } from 'node:fs';

/** Microseconds of a tick of /proc/PID/stat: Linux counts 100 ticks a second for programs. */
const TICK = 10_000;

/**
 * Reads the CPU time that a process and its descendants have used. The time of a descendant that has exited
 * is counted for the process that waited for it.
 *
 * @param {number} pid of this user's process, on Linux
 * @returns {{ own: number, descendants: number }} microseconds, of all threads
 */
export function cpuOf(pid) {
  const processes = new Map(
    readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .flatMap((name) => {
        const found = statOf(Number(name));
        return found ? [[Number(name), found]] : [];
      }),
  );
  const isDescendant = (each) =>
    each !== undefined && (each.parent === pid || isDescendant(processes.get(each.parent)));
  const descendants = [...processes.values()].filter(isDescendant);
  const sum = (values) => values.reduce((total, value) => total + value, 0) * TICK;
  return { own: sum([processes.get(pid).own]), descendants: sum(descendants.map(({ own, waited }) => own + waited)) };
}

function statOf(pid) {
  let text;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined; // It has exited.
  }
  // The second field, the name, may contain spaces and parentheses; the next one is the third.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const field = (number) => Number(fields[number - 3]);
  return { parent: field(4), own: field(14) + field(15), waited: field(16) + field(17) };
}

/** Returns the CPU time that a process has used, in microseconds: all its threads, user and system. Linux only. */
export function cpuMicroseconds(pid) {
  const threads = readdirSync(`/proc/${pid}/task`);
  const nanoseconds = threads.map((thread) => {
    try {
      return Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ', 1)[0]);
    } catch {
      return 0; // The thread has ended meanwhile.
    }
  });
  return nanoseconds.reduce((sum, each) => sum + each, 0) / 1000;
}
