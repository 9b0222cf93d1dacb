// The Node runtime: imports the handler and runs it, invocation after invocation. No dependencies.
//
// Run by path, in a process of its own. Handlers may be ES modules or CommonJS, return a value or a promise, or
// call back. Its error types and texts are those of Lambda's own Node runtime.

import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { Writable } from 'node:stream'
import { pathToFileURL } from 'node:url'
import { format } from 'node:util'

const PREFIX = '/2018-06-01/runtime'
let requestId = ''

class Fault extends Error {
  constructor(errorType, message, trace) {
    super(message)
    this.name = errorType
    if (trace) this.stack = trace
  }
}

// The Runtime API ----------------------------------------------------------------------------------------

// One kept connection, spoken to without an HTTP client: that took twice the time of the handler's invocation. It keeps
// the process alive only as long as an answer is awaited, so that a handler can be left with nothing to do.

const address = process.env.AWS_LAMBDA_RUNTIME_API
const handed = process.env.TRIGGERFISH_RUNTIME_SOCKET
delete process.env.TRIGGERFISH_RUNTIME_SOCKET
let api = connect()
const POLL = `GET ${PREFIX}/invocation/next HTTP/1.1\r\nHost: ${address}\r\n\r\n`

// Who gets the next answers, in the order of the requests.
const expected = []
let polled
let parts = []
let size = 0
let wanted = 0

function connect() {
  // A socket that was handed over is connected already.
  const place = address.lastIndexOf(':')
  const socket = handed
    ? new net.Socket({ fd: Number(handed), readable: true, writable: true })
    : net.connect(Number(address.slice(place + 1)), address.slice(0, place))
  socket.setNoDelay(true)
  socket.on('data', take)
  // The API is gone: so is this process.
  for (const end of ['error', 'close']) socket.on(end, () => process.exit(0))
  return socket
}

// Who was sent more than is taken hangs up (the emulator does): what was asked in the same breath is asked again.
function connectAgain() {
  api.removeAllListeners()
  api.on('error', () => {})
  api.destroy()
  parts = []
  size = wanted = 0
  api = connect()
  if (expected.length > 0) api.write(POLL)
  else api.unref()
}

// A piece of what the API sends: the end of an answer, several of them, or anything between.
function take(piece) {
  parts.push(piece)
  size += piece.length
  if (size < wanted) return
  let rest = parts.length === 1 ? piece : Buffer.concat(parts, size)
  for (;;) {
    wanted = 0
    const end = rest.indexOf('\r\n\r\n')
    if (end < 0) break
    const [first, ...lines] = rest.latin1Slice(0, end).split('\r\n')
    const headers = {}
    for (const line of lines) {
      const place = line.indexOf(':')
      headers[line.slice(0, place).toLowerCase()] = line.slice(place + 1).trim()
    }
    wanted = end + 4 + Number(headers['content-length'] ?? 0)
    if (rest.length < wanted) break
    const answer = { status: Number(first.split(' ', 2)[1]), headers, body: rest.subarray(end + 4, wanted) }
    rest = rest.subarray(wanted)
    expected.shift()?.(answer)
    if (headers.connection === 'close') return connectAgain()
    if (expected.length === 0) api.unref()
  }
  parts = rest.length ? [rest] : []
  size = rest.length
}

function expect() {
  api.ref()
  return new Promise((resolve) => expected.push(resolve))
}

async function nextInvocation() {
  if (polled === undefined) {
    api.write(POLL)
    polled = expect()
  }
  const { status, headers, body } = await polled
  polled = undefined
  if (status !== 200) process.exit(1)
  return { headers, event: body.toString('utf8') }
}

// Tell a result or an error, and ask for the next invocation with the same breath, if this is not the last one.
function post(route, body, errorType, asks = true) {
  const header = errorType ? `Lambda-Runtime-Function-Error-Type: ${errorType}\r\n` : ''
  const head =
    `POST ${PREFIX}${route} HTTP/1.1\r\nHost: ${address}\r\n${header}` +
    `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n`
  api.write(head + body + (asks ? POLL : ''))
  const answered = expect()
  if (asks) polled = expect()
  return answered
}

function postError(route, error, asks = true) {
  const body = describeError(error)
  printError(error, body)
  return post(route, JSON.stringify(body), encodeURIComponent(body.errorType), asks)
}

// Streamed responses -------------------------------------------------------------------------------------

const STREAMING = Symbol.for('aws.lambda.runtime.handler.streaming')
const HIGH_WATER_MARK = Symbol.for('aws.lambda.runtime.handler.streaming.highWaterMark')
const HTTP_CONTENT_TYPE = 'application/vnd.awslambda.http-integration-response'

// What a streaming handler writes to. The POST of the response begins with the first piece, so that a handler that
// fails before it fails as any other.
class ResponseStream extends Writable {
  #answered
  #contentType = 'application/octet-stream'

  setContentType(contentType) {
    if (this.hasBegun) throw new Fault('InvalidStreamingOperation', 'Cannot set content-type, too late.')
    this.#contentType = contentType
  }

  get hasBegun() {
    return this.#answered !== undefined
  }

  _write(chunk, encoding, done) {
    this.#begin()
    if (chunk.length === 0 || sendChunk(chunk)) done()
    else api.once('drain', done)
  }

  _final(done) {
    this.#begin()
    api.write('0\r\n\r\n')
    api.ref()
    this.#answered.then(() => done())
  }

  // An error in the middle goes into trailers: the status has been sent long ago.
  fail(body) {
    const told = Buffer.from(JSON.stringify(body)).toString('base64')
    api.write(
      `0\r\nLambda-Runtime-Function-Error-Type: ${encodeURIComponent(body.errorType)}\r\n` +
        `Lambda-Runtime-Function-Error-Body: ${told}\r\n\r\n`
    )
    api.ref()
    return this.#answered
  }

  #begin() {
    if (this.hasBegun) return
    api.write(
      `POST ${PREFIX}/invocation/${requestId}/response HTTP/1.1\r\nHost: ${address}\r\n` +
        `Content-Type: ${this.#contentType}\r\nLambda-Runtime-Function-Response-Mode: streaming\r\n` +
        'Trailer: Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body\r\n' +
        'Transfer-Encoding: chunked\r\n\r\n'
    )
    this.#answered = expect()
    // Nothing is awaited before the end: a handler that comes to none has to be noticed.
    api.unref()
    this.prelude?.()
  }
}

function sendChunk(chunk) {
  api.cork()
  api.write(`${chunk.length.toString(16)}\r\n`)
  api.write(chunk)
  const hasRoom = api.write('\r\n')
  api.uncork()
  return hasRoom
}

globalThis.awslambda = {
  streamifyResponse(handler, options) {
    handler[STREAMING] = 'response'
    if (typeof options?.highWaterMark === 'number') handler[HIGH_WATER_MARK] = options.highWaterMark
    return handler
  },
  HttpResponseStream: {
    // Status, headers and cookies as JSON, eight zero bytes, then the body.
    from(stream, metadata) {
      stream.setContentType(HTTP_CONTENT_TYPE)
      stream.prelude = () => {
        stream.prelude = undefined
        const head = Buffer.concat([Buffer.from(JSON.stringify(metadata)), Buffer.alloc(8)])
        ResponseStream.prototype._write.call(stream, head, 'buffer', () => {})
      }
      return stream
    }
  }
}

async function runStreaming(handler, headers, event) {
  const stream = new ResponseStream({ highWaterMark: handler[HIGH_WATER_MARK] })
  const finished = new Promise((resolve, reject) => stream.on('finish', resolve).on('error', reject))
  // Who fails tells of it below; an error nobody waits for any more is no failure of the process.
  finished.catch(() => {})
  const gone = new Promise((_, reject) => {
    finish = () => reject(new Fault('Runtime.NodeJsExit', 'The response stream was not ended'))
  })
  gone.catch(() => {})
  try {
    const returned = handler(event, stream, contextOf(headers, () => {}))
    if (typeof returned?.then !== 'function') throw new Error('Streaming does not support non-async handlers.')
    if ((await Promise.race([returned, gone])) !== undefined) console.warn('Streaming handlers ignore return values.')
    await Promise.race([finished, gone])
  } catch (error) {
    if (!stream.hasBegun) return postError(`/invocation/${requestId}/error`, error)
    const body = describeError(error)
    printError(error, body)
    await stream.fail(body)
  } finally {
    finish = () => {}
  }
}

// Errors -------------------------------------------------------------------------------------------------

function isError(value) {
  return value instanceof Error || Object.prototype.toString.call(value) === '[object Error]'
}

function describeError(error) {
  if (!isError(error)) return { errorType: typeof error, errorMessage: String(error), trace: [] }
  return {
    errorType: String(error.name).replaceAll('\x7f', '%7F'),
    errorMessage: String(error.message).replaceAll('\x7f', '%7F'),
    trace: String(error.stack ?? '').split('\n')
  }
}

function printError(error, body) {
  console.error('Invoke Error', JSON.stringify({ ...(isError(error) ? error : {}), ...body }))
}

// The handler --------------------------------------------------------------------------------------------

function findModule(file) {
  for (const suffix of ['', '.js', '.mjs', '.cjs']) {
    const candidate = file + suffix
    if (fs.existsSync(candidate) && fs.statSync(candidate).isFile()) return candidate
  }
  return undefined
}

async function importModule(root, name) {
  const file = findModule(path.resolve(root, name))
  if (file === undefined) throw new Fault('Runtime.ImportModuleError', `Error: Cannot find module '${name}'`)
  try {
    return await import(pathToFileURL(file).href)
  } catch (error) {
    if (error instanceof SyntaxError) throw new Fault('Runtime.UserCodeSyntaxError', String(error), error.stack)
    // Only what `require` misses has the runtime's type; what `import` misses stays a plain error (as in aws-lambda-ric).
    if (error?.code === 'MODULE_NOT_FOUND') throw new Fault('Runtime.ImportModuleError', String(error), error.stack)
    throw error
  }
}

async function loadHandler(root, handler) {
  // `folder/module.export.of.it`: the module ends at the first dot after the last slash.
  const folder = handler.slice(0, handler.lastIndexOf('/') + 1)
  const [file, ...members] = handler.slice(folder.length).split('.')
  if (!file || members.length === 0 || members.includes('')) {
    throw new Fault('Runtime.MalformedHandlerName', 'Bad handler')
  }
  const module = await importModule(root, folder + file)
  const member = (object) => members.reduce((value, name) => value?.[name], object)
  const found = member(module) ?? member(module.default)
  if (found === undefined) throw new Fault('Runtime.HandlerNotFound', `${handler} is undefined or not exported`)
  if (typeof found !== 'function') throw new Fault('Runtime.HandlerNotFound', `${handler} is not a function`)
  return found
}

function contextOf(headers, settle) {
  const variables = process.env
  const deadlineMs = Number(headers['lambda-runtime-deadline-ms'])
  const clientContext = headers['lambda-runtime-client-context']
  return {
    awsRequestId: requestId,
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    functionName: variables.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: variables.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: variables.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: variables.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: variables.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: clientContext ? JSON.parse(Buffer.from(clientContext, 'latin1').toString('utf8')) : undefined,
    identity: undefined,
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => Math.max(0, deadlineMs - Date.now()),
    done: (error, result) => settle(error, result),
    succeed: (result) => settle(null, result),
    fail: (error) => settle(error ?? 'handled')
  }
}

// What the invocation in progress came to; set while there is one.
let finish = () => {}

function runHandler(handler, headers, event) {
  return new Promise((resolve, reject) => {
    let called
    const settle = (error, result) => (error === null || error === undefined ? resolve(result) : reject(error))
    const context = contextOf(headers, settle)
    const callback = (error, result) => {
      if (called !== undefined) return
      called = [error, result]
      // By default a result that was called back waits until nothing is left to do.
      if (!context.callbackWaitsForEmptyEventLoop || error) settle(error, result)
    }
    finish = () => settle(...(called ?? [null, null]))
    const returned = handler(event, context, callback)
    if (typeof returned?.then === 'function') {
      returned.then(resolve, reject)
    }
  })
}

function stringify(result) {
  try {
    // A function, say, is nothing that JSON could tell.
    return JSON.stringify(result === undefined ? null : result) ?? ''
  } catch {
    throw new Error('Unable to stringify response body')
  }
}

// The platform's habits ----------------------------------------------------------------------------------

// One value stays what it is; several are one text, as console writes them. An error is told by its members.
function jsonLine(level, values) {
  const line = { timestamp: new Date().toISOString(), level, requestId: requestId || undefined }
  const plain = (key, value) =>
    isError(value)
      ? { errorType: value.name, errorMessage: value.message, stackTrace: String(value.stack).split('\n') }
      : value
  try {
    return JSON.stringify({ ...line, message: values.length === 1 ? values[0] : format(...values) }, plain)
  } catch {
    return JSON.stringify({ ...line, message: format(...values) })
  }
}

function patchConsole() {
  const levels = { debug: 'DEBUG', error: 'ERROR', info: 'INFO', log: 'INFO', trace: 'TRACE', warn: 'WARN' }
  const order = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL']
  const least = order.indexOf(process.env.AWS_LAMBDA_LOG_LEVEL?.toUpperCase())
  const isJson = process.env.AWS_LAMBDA_LOG_FORMAT === 'JSON'
  for (const [method, level] of Object.entries(levels)) {
    console[method] = (...values) => {
      if (order.indexOf(level) < least) return
      if (isJson) {
        process.stdout.write(jsonLine(level, values) + '\n')
        return
      }
      process.stdout.write(`${new Date().toISOString()}\t${requestId || 'undefined'}\t${level}\t${format(...values)}\n`)
    }
  }
}

async function failAndExit(error, status) {
  // Between two invocations there is nobody to tell: the end of the process says it.
  if (polled === undefined) await postError(requestId ? `/invocation/${requestId}/error` : '/init/error', error, false)
  else printError(error, describeError(error))
  process.exit(status)
}

patchConsole()
// An event loop with nothing left ends the invocation: with what was called back, or with null.
process.on('beforeExit', () => finish())
process.on('uncaughtException', (error) => failAndExit(error, 129))
process.on('unhandledRejection', (reason) => {
  const error = new Fault('Runtime.UnhandledPromiseRejection', String(reason?.message ?? reason), reason?.stack)
  failAndExit(error, 128)
})

let handler
try {
  handler = await loadHandler(process.env.LAMBDA_TASK_ROOT, process.env._HANDLER)
} catch (error) {
  await postError('/init/error', error, false)
  process.exit(1)
}

for (;;) {
  const { headers, event } = await nextInvocation()
  requestId = headers['lambda-runtime-aws-request-id']
  const traceId = headers['lambda-runtime-trace-id']
  if (traceId) process.env._X_AMZN_TRACE_ID = traceId
  else delete process.env._X_AMZN_TRACE_ID
  if (handler[STREAMING] === 'response') {
    await runStreaming(handler, headers, JSON.parse(event))
    continue
  }
  try {
    const result = stringify(await runHandler(handler, headers, JSON.parse(event)))
    post(`/invocation/${requestId}/response`, result)
  } catch (error) {
    postError(`/invocation/${requestId}/error`, error)
  }
}
