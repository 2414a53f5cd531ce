/**
 * Small HTML versions of the components that the card and the settings page use. HubSpot's own exist only inside its
 * pages: what the extension sends there is a tree of names and properties, which these draw.
 */
import type {
  AlertProps,
  ButtonProps,
  DescriptionListItemProps,
  EmptyStateProps,
  ErrorStateProps,
  FlexProps,
  LinkProps,
  LoadingSpinnerProps,
  StatisticsItemProps,
  TextProps,
} from '@hubspot/ui-extensions';
import { Children, type ReactNode } from 'react';

const GAPS: Record<string, number> = { 'extra-small': 4, small: 10, medium: 16 };
type Inside = { children?: ReactNode };

const addressOf = (href: LinkProps['href'] | undefined) => (typeof href === 'object' ? href.url : href);

export const STAND_INS = {
  Alert: ({ title, children }: AlertProps) => (
    <div className="alert" role="alert">
      <h2>{title}</h2>
      <p>{children}</p>
    </div>
  ),
  Button: ({ children, href, variant }: ButtonProps) => (
    <a className={`button ${variant ?? ''}`} href={addressOf(href)}>
      {children}
    </a>
  ),
  DescriptionList: ({ children }: Inside) => <dl>{children}</dl>,
  DescriptionListItem: ({ label, children }: DescriptionListItemProps) => (
    <>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </>
  ),
  Divider: () => <hr />,
  EmptyState: ({ title, children }: EmptyStateProps) => (
    <div className="state">
      <h2>{title}</h2>
      {children}
    </div>
  ),
  ErrorState: ({ title, children }: ErrorStateProps) => (
    <div className="state">
      <h2>{title}</h2>
      {children}
    </div>
  ),
  Flex: ({ align, children, direction = 'row', gap = 'flush', justify, wrap }: FlexProps) => (
    <div
      className="flex"
      style={{
        alignItems: align ?? (direction === 'column' ? 'stretch' : 'flex-start'),
        flexDirection: direction,
        flexWrap: wrap ? 'wrap' : 'nowrap',
        gap: GAPS[gap] ?? 0,
        justifyContent: justify === 'between' ? 'space-between' : justify,
      }}
    >
      {children}
    </div>
  ),
  Heading: ({ children }: Inside) => <h2>{children}</h2>,
  Link: ({ children, href }: LinkProps) => <a href={addressOf(href)}>{children}</a>,
  List: ({ children }: Inside) => (
    <ul>
      {/* The items have no identity of their own in HubSpot's list either. */}
      {Children.map(children, (item) => (
        <li>{item}</li>
      ))}
    </ul>
  ),
  LoadingButton: ({ children, loading, onClick }: Inside & { loading?: boolean; onClick?: () => void }) => (
    <button disabled={loading ?? false} onClick={() => onClick?.()} type="button">
      {children}
    </button>
  ),
  LoadingSpinner: ({ label }: LoadingSpinnerProps) => <div className="spinner">{label} …</div>,
  Statistics: ({ children }: Inside) => <div className="statistics">{children}</div>,
  StatisticsItem: ({ label, number, children }: StatisticsItemProps) => (
    <div>
      <span className="micro">{label}</span>
      <strong>{number}</strong>
      {children}
    </div>
  ),
  Tag: ({ children }: Inside) => <span className="tag">{children}</span>,
  Text: ({ children, variant }: TextProps) => (
    <p className={variant === 'microcopy' ? 'micro' : ''}>{children}</p>
  ),
  Tile: ({ children }: Inside) => <div className="tile">{children}</div>,
};
