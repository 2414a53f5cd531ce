import { Navigate, useParams } from 'react-router';
import { Read } from '../../parts/states.tsx';
import { useApi } from '../../query.ts';

/** Where the cards in the CRMs lead to: a record's address becomes its customer's page. */
export default function RecordScreen() {
  const { system = '', object = '', id = '' } = useParams();
  const query = useApi('GET /api/records/:system/:object/:id', {
    params: { system, object: object === 'company' ? 'company' : 'contact', id },
  });
  return (
    <Read query={query}>
      {(found) => <Navigate to={`/customers/${found.subject}/${found.id}`} replace />}
    </Read>
  );
}
