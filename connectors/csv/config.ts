import { z } from 'zod';

export const CsvConfig = z.object({
  folder: z.string().min(1).describe('Folder with contacts.csv and deals.csv; labels.csv is written there.'),
});
export type CsvConfig = z.infer<typeof CsvConfig>;
