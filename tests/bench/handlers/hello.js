// The trivial handler of the HTTP measurements: the same file behind every server.
exports.handler = async () => ({ statusCode: 200, body: 'hello' });
