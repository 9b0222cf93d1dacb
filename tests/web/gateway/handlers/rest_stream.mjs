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
    large: { statusCode: 200, headers: { 'Content-Type': 'application/octet-stream' } },
  }[kind];
  const out = awslambda.HttpResponseStream.from(stream, metadata);
  out.write('one ');
  await new Promise((done) => setTimeout(done, Number(event.queryStringParameters?.pause ?? 0)));
  if (kind === 'raise') throw new Error('in the middle');
  if (kind === 'large') {
    for (let number = 0; number < 176; number += 1) out.write(Buffer.alloc(65536, 97));
    out.end();
    return;
  }
  out.write('two ');
  out.write('three');
  out.end();
});
