/** How a run differs from a plain one. */
export type RunOptions = {
  /** Work everything out, hold every target. */
  dryRun?: boolean;
  /** Learn models again although they are not due. */
  learn?: boolean;
  /** Read every record again, not only what changed. */
  full?: boolean;
  /** Somebody wants it written now, in quiet hours too. */
  writeInQuietHours?: boolean;
  /**
   * A refresh (webhooks): pull reads only dirty_record, unify and profile what that touched, label only
   * dirty_subject 'label' (and notes them as 'push'), push only the records of dirty_subject 'push'.
   */
  dirtyOnly?: boolean;
  /** A refresh that also asks those CRMs for what changed that do not tell by themselves. */
  poll?: boolean;
};
