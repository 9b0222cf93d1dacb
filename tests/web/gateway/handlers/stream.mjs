// A handler that streams: status, headers and a cookie first, then three pieces.
export const handler = awslambda.streamifyResponse(async (event, stream) => {
  if (event.rawPath === '/plain') {
    stream.setContentType('text/plain');
    stream.write('just text');
    stream.end();
    return;
  }
  const out = awslambda.HttpResponseStream.from(stream, {
    statusCode: 202,
    headers: { 'content-type': 'text/html', 'x-bad': event.rawPath === '/bad' ? 'a\r\nb: c' : 'good' },
    cookies: ['a=1', 'b=2'],
  });
  for (const piece of ['one ', 'two ', 'three']) out.write(piece);
  out.end();
});
