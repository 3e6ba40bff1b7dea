using Dpfah.Engine.Data;
using Dpfah.Engine.Data.Entities;
using Microsoft.EntityFrameworkCore;

namespace Dpfah.Engine.Auditing;

/// <summary>Reads the audit.</summary>
public sealed class AuditReader
{
    private readonly Database database;

    internal AuditReader(Database database) => this.database = database;

    /// <summary>Lines of the audit, the newest first.</summary>
    /// <param name="filter">Which.</param>
    /// <param name="before">Number before which to begin; null for the newest.</param>
    /// <param name="limit">Most lines to return.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    public Task<List<AuditRecord>> ListAsync(AuditFilter filter, long? before, int limit, CancellationToken cancellationToken) => database.ReadAsync(
        (context, token) =>
        {
            IQueryable<AuditEntry> lines = context.Audit;
            lines = before is { } end ? lines.Where(e => e.Id < end) : lines;
            lines = filter.Collection is { } collection ? lines.Where(e => e.Collection == collection) : lines;
            lines = filter.Who is { } who ? lines.Where(e => e.Who == who) : lines;
            lines = filter.Action is { } action ? lines.Where(e => e.Action == action) : lines;
            lines = filter.Since is { } since ? lines.Where(e => e.At >= since) : lines;
            lines = filter.Until is { } until ? lines.Where(e => e.At < until) : lines;
            return lines.OrderByDescending(e => e.Id).Take(limit)
                .Select(e => new AuditRecord(e.Id, e.At, e.Who, e.Action, e.Collection, e.Subject, e.JobId, e.Before, e.After)).ToListAsync(token);
        },
        cancellationToken);
}

/// <summary>Which lines of the audit are wanted; null for all.</summary>
/// <param name="Collection">Those about this collection.</param>
/// <param name="Who">Those of what this key did.</param>
/// <param name="Action">Those of this kind, one of <see cref="AuditActions"/>.</param>
/// <param name="Since">Those of this moment or later, UTC.</param>
/// <param name="Until">Those before this moment, UTC.</param>
public sealed record AuditFilter(string? Collection, string? Who, string? Action, DateTime? Since, DateTime? Until);

/// <summary>A line of the audit.</summary>
/// <param name="Id">Its number.</param>
/// <param name="At">When it happened, UTC.</param>
/// <param name="Who">Name of the key, or one of <see cref="AuditNames"/>.</param>
/// <param name="Action">One of <see cref="AuditActions"/>.</param>
/// <param name="Collection">Name of the collection that it is about; null for none.</param>
/// <param name="Subject">What was changed, by its name, id or number.</param>
/// <param name="JobId">The job in which it happened; null outside of jobs.</param>
/// <param name="Before">What was so before, a JSON object; null for nothing.</param>
/// <param name="After">What is so since, a JSON object; null for nothing.</param>
public sealed record AuditRecord(
    long Id, DateTime At, string Who, string Action, string? Collection, string Subject, long? JobId, string? Before, string? After);
