import { z } from 'zod';
import { MethodSetting, methods, settingsOf } from '../../segmentation/method-settings.ts';
import { route } from '../route.ts';

export default route({
  method: 'GET',
  path: '/api/methods',
  summary: 'The ways to divide, with the settings of each',
  tag: 'Segment sets',
  may: 'read',
  answer: z.object({ items: z.array(z.object({ method: z.string(), settings: z.array(MethodSetting) })) }),
  handle: () => ({ items: methods.map((method) => ({ method, settings: settingsOf(method) })) }),
});
