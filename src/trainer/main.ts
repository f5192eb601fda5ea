import './process/stop.ts';

// Only now the rest, which takes some tenths of a second in which a signal may come.
const { runProcess } = await import('./process/process.ts');
process.exitCode = await runProcess();
// TensorFlow's threads and an open standard input must not keep a process whose work is done.
process.exit();
