import { z } from 'zod';

export const CsvConfig = z.object({
  folder: z.string().min(1).describe('Folder with contacts.csv and deals.csv; labels.csv is written there.'),
  mayCreate: z
    .boolean()
    .optional()
    .describe('May Segment Sync add columns to labels.csv itself? Else it says which ones are missing.'),
});
export type CsvConfig = z.infer<typeof CsvConfig>;
