// The Node runtime: imports the handler and runs it, invocation after invocation. No dependencies.
//
// Run by path, in a process of its own. Handlers may be ES modules or CommonJS, return a value or a promise, or
// call back. Its error types and texts are those of Lambda's own Node runtime.

import fs from 'node:fs'
import http from 'node:http'
import path from 'node:path'
import { Writable } from 'node:stream'
import { pathToFileURL } from 'node:url'
import { format } from 'node:util'

const PREFIX = '/2018-06-01/runtime'
const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(':')
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
let requestId = ''

class Fault extends Error {
  constructor(errorType, message, trace) {
    super(message)
    this.name = errorType
    if (trace) this.stack = trace
  }
}

// The Runtime API ----------------------------------------------------------------------------------------

function call(method, route, body, headers = {}) {
  return new Promise((resolve) => {
    const options = { host, port, agent, method, path: PREFIX + route, headers }
    if (body !== undefined) headers['Content-Length'] = Buffer.byteLength(body)
    const request = http.request(options, (response) => {
      const chunks = []
      response.on('data', (chunk) => chunks.push(chunk))
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, chunks }))
      // The API is gone: so is this process.
      response.on('error', () => process.exit(0))
    })
    request.on('error', () => process.exit(0))
    request.setNoDelay(true)
    request.end(body)
  })
}

async function nextInvocation() {
  const { status, headers, chunks } = await call('GET', '/invocation/next')
  if (status !== 200) process.exit(1)
  return { headers, event: Buffer.concat(chunks).toString('utf8') }
}

function postError(route, error) {
  const body = describeError(error)
  printError(error, body)
  return call('POST', route, JSON.stringify(body), {
    'Content-Type': 'application/json',
    'Lambda-Runtime-Function-Error-Type': encodeURIComponent(body.errorType)
  })
}

// Streamed responses -------------------------------------------------------------------------------------

const STREAMING = Symbol.for('aws.lambda.runtime.handler.streaming')
const HIGH_WATER_MARK = Symbol.for('aws.lambda.runtime.handler.streaming.highWaterMark')
const HTTP_CONTENT_TYPE = 'application/vnd.awslambda.http-integration-response'

// What a streaming handler writes to. The POST of the response begins with the first piece, so that a handler that
// fails before it fails as any other.
class ResponseStream extends Writable {
  #request
  #answered
  #contentType = 'application/octet-stream'

  setContentType(contentType) {
    if (this.#request) throw new Fault('InvalidStreamingOperation', 'Cannot set content-type, too late.')
    this.#contentType = contentType
  }

  get hasBegun() {
    return this.#request !== undefined
  }

  _write(chunk, encoding, done) {
    this.#begin()
    if (this.#request.write(chunk, encoding)) done()
    else this.#request.once('drain', done)
  }

  _final(done) {
    this.#begin()
    this.#request.end()
    this.#answered.then(() => done())
  }

  // An error in the middle goes into trailers: the status has been sent long ago.
  fail(body) {
    this.#request.addTrailers({
      'Lambda-Runtime-Function-Error-Type': body.errorType,
      'Lambda-Runtime-Function-Error-Body': Buffer.from(JSON.stringify(body)).toString('base64')
    })
    this.#request.end()
    return this.#answered
  }

  #begin() {
    if (this.#request) return
    this.#answered = new Promise((resolve) => {
      const headers = {
        'Content-Type': this.#contentType,
        'Lambda-Runtime-Function-Response-Mode': 'streaming',
        Trailer: 'Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body',
        'Transfer-Encoding': 'chunked'
      }
      const options = { host, port, agent, method: 'POST', path: `${PREFIX}/invocation/${requestId}/response`, headers }
      this.#request = http.request(options, (response) => response.on('end', resolve).resume())
      this.#request.on('error', () => process.exit(0))
      this.#request.setNoDelay(true)
      this.#request.flushHeaders()
    })
    this.prelude?.()
  }
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
    return JSON.stringify(result === undefined ? null : result)
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
  await postError(requestId ? `/invocation/${requestId}/error` : '/init/error', error)
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
  await postError('/init/error', error)
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
    await call('POST', `/invocation/${requestId}/response`, result, { 'Content-Type': 'application/json' })
  } catch (error) {
    await postError(`/invocation/${requestId}/error`, error)
  }
}
