// Parts of undici by their files: the package as a whole loads a hundred modules (fetch, caches, mocks, WebSockets), of which two
// are needed, and takes longer than reading a thousand records.
declare module 'undici/lib/dispatcher/agent.js' {
  export { Agent as default } from 'undici';
}
declare module 'undici/lib/dispatcher/env-http-proxy-agent.js' {
  export { EnvHttpProxyAgent as default } from 'undici';
}
declare module 'undici/lib/global.js' {
  export { setGlobalDispatcher } from 'undici';
}
