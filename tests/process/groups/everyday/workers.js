// SPDX-License-Identifier: Apache-2.0
// Threads, a child over pipes, timers and files of node.
const { Worker, isMainThread, parentPort, workerData } = require('worker_threads');
const { spawn } = require('child_process');
const { createHash } = require('crypto');
const fs = require('fs');
const digest = (start, rounds) => {
  let at = start;
  for (let i = 0; i < rounds; ++i) at = createHash('sha256').update(at + i).digest('hex');
  return at;
};
if (!isMainThread) {
  for (let part = 0; part < 40; ++part) parentPort.postMessage(digest(`${workerData}-${part}`, 1500));
} else {
  const threads = [0, 1].map(n => new Promise((done, failed) => {
    const said = [];
    const worker = new Worker(__filename, { workerData: n });
    worker.on('message', text => { said.push(text); fs.appendFileSync(`of-${n}`, text); });
    worker.on('error', failed);
    worker.on('exit', () => done(digest(said.join(), 1)));
  }));
  threads.push(new Promise(done => {
    const child = spawn('sed', ['-u', 's/1/one/g']);
    let said = '', sent = 0;
    child.stdout.on('data', data => { said += data; });
    const timer = setInterval(() => { child.stdin.write(`${sent * 7919}\n`); if (++sent === 150) { clearInterval(timer); child.stdin.end(); } }, 8);
    child.on('close', code => done(digest(said, 1) + code));
  }));
  Promise.all(threads).then(all => console.log(all.join(' '), [0, 1].map(n => fs.statSync(`of-${n}`).size).join(' ')));
}
