// A handler behind a REST API that streams: what the query asks for.
export const handler = awslambda.streamifyResponse(async (event, stream) => {
  const kind = event.queryStringParameters?.kind ?? 'whole';
  if (kind === 'bare') {
    stream.write('no metadata at all');
    stream.end();
    return;
  }
  const metadata = {
    whole: { statusCode: 202, headers: { 'Content-Type': 'text/html' }, multiValueHeaders: { 'x-a': ['1', '2'] }, cookies: ['a=1', 'b=2'] },
    unknown: { statusCode: 200, wrongValue: 1 },
    bad: { statusCode: 200, headers: { 'x-bad': 'a\r\nb: c' } },
    raise: { statusCode: 200 },
  }[kind];
  const out = awslambda.HttpResponseStream.from(stream, metadata);
  out.write('one ');
  await new Promise((done) => setTimeout(done, Number(event.queryStringParameters?.pause ?? 0)));
  if (kind === 'raise') throw new Error('in the middle');
  out.write('two ');
  out.write('three');
  out.end();
});
