import { existsSync } from 'node:fs';

// A handler that streams: status, headers and a cookie first, then three pieces.
export const handler = awslambda.streamifyResponse(async (event, stream) => {
  if (event.rawPath === '/plain') {
    stream.setContentType('text/plain');
    stream.write('just text');
    stream.end();
    return;
  }
  if (event.rawPath === '/wait') {
    // The rest comes when somebody has seen the beginning, and says so with a file.
    stream.write('begun ');
    const { file } = event.queryStringParameters;
    const deadline = Date.now() + 8000;
    while (!existsSync(file) && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 10));
    stream.write(existsSync(file) ? 'ended' : 'given up');
    stream.end();
    return;
  }
  if (event.rawPath === '/large') {
    for (let piece = 0; piece < 8; piece += 1) stream.write('x'.repeat(1048576));
    stream.end();
    return;
  }
  if (event.rawPath === '/fail') {
    stream.write('begun ');
    throw new Error('in the middle');
  }
  const out = awslambda.HttpResponseStream.from(stream, {
    statusCode: 202,
    headers: { 'content-type': 'text/html', 'x-bad': event.rawPath === '/bad' ? 'a\r\nb: c' : 'good' },
    cookies: ['a=1', 'b=2'],
  });
  for (const piece of ['one ', 'two ', 'three']) out.write(piece);
  out.end();
});
