// node-forge mistakes a Node.js with a navigator for a browser, and then computes RSA thirty times more slowly.
delete globalThis.navigator;
