import { processingRecord } from '../../privacy/record.ts';
import { recordMarkdown } from '../../privacy/record-markdown.ts';
import { route } from '../route.ts';

export default route({
  method: 'GET',
  path: '/api/privacy/record.md',
  summary: 'The record of processing activities as a page',
  tag: 'Privacy',
  may: 'read',
  streams: 'text/markdown',
  handle: async ({ tenant, parts, response }) => {
    const record = await processingRecord(parts.store.pool, tenant, new Date());
    response.type('text/markdown; charset=utf-8');
    response.setHeader('content-disposition', 'attachment; filename="record-of-processing.md"');
    response.end(recordMarkdown(record));
  },
});
