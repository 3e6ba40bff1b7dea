using System.Globalization;
using Dpfah.Core.Codes;
using Dpfah.Engine.Auditing;
using Dpfah.Engine.Data;
using Dpfah.Engine.Data.Entities;
using Dpfah.Engine.Duplicates;
using Dpfah.Engine.Models;
using Microsoft.EntityFrameworkCore;

namespace Dpfah.Engine.Feedback;

/// <summary>What people said of hits. It is about pictures, so that it holds whatever codes these get, and goes with them.</summary>
public sealed class FeedbackStore
{
    private readonly Database database;
    private readonly ModelStore models;
    private readonly TimeProvider clock;

    internal FeedbackStore(Database database, ModelStore models, TimeProvider clock)
    {
        this.database = database;
        this.models = models;
        this.clock = clock;
    }

    /// <summary>Stores what somebody says of a hit, in place of what was said before of this query and hit.</summary>
    /// <param name="collectionId">The collection.</param>
    /// <param name="feedback">What is said.</param>
    /// <param name="createdBy">Name of the key that says it; null without keys.</param>
    /// <param name="cancellationToken">Gives up before the commit.</param>
    public async Task<FeedbackOutcome> PutAsync(int collectionId, NewFeedback feedback, string? createdBy, CancellationToken cancellationToken)
    {
        int? modelId = await database.ReadAsync(
            (context, token) => context.Generations
                .Where(g => g.Id == feedback.GenerationId && g.CollectionId == collectionId && g.State != GenerationState.Deleted)
                .Select(g => (int?)g.ModelId).SingleOrDefaultAsync(token),
            cancellationToken);
        if (modelId is null)
        {
            return new FeedbackOutcome(FeedbackStatus.NoGeneration);
        }

        int bits = (await models.GetAsync(modelId.Value, cancellationToken)).Description.Bits;
        return feedback.Query.Code is { } code && code.Bits != bits
            ? new FeedbackOutcome(FeedbackStatus.OtherBits, Bits: bits)
            : await database.WriteAsync((context, token) => PutAsync(context, collectionId, feedback, createdBy, token), cancellationToken);
    }

    /// <summary>What was said of hits in a collection, in the order of numbers.</summary>
    /// <param name="collectionId">The collection.</param>
    /// <param name="isRight">Only what says so; null for all.</param>
    /// <param name="query">Only on this query; null for all.</param>
    /// <param name="after">Number of the last that is known; 0 for none.</param>
    /// <param name="limit">Most to return.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    public async Task<List<FeedbackRecord>> ListAsync(
        int collectionId, bool? isRight, FeedbackQuery? query, long after, int limit, CancellationToken cancellationToken)
    {
        byte[]? code = query?.Code?.ToBytes();
        string? id = query?.Id;
        var rows = await database.ReadAsync(
            (context, token) => context.Feedback
                .Where(f => f.CollectionId == collectionId && f.Id > after)
                .Where(f => isRight == null || f.IsRight == isRight)
                .Where(f => code == null || f.QueryCode == code)
                .Join(context.Items, f => f.ItemNumber, i => i.Number, (f, i) => new { f, Hit = i.PublicId })
                .LeftJoin(context.Items, x => x.f.QueryItem, i => (long?)i.Number, (x, i) => new { x.f, x.Hit, Query = i == null ? null : i.PublicId })
                .Where(x => id == null || x.Query == id)
                .OrderBy(x => x.f.Id).Take(limit).ToListAsync(token),
            cancellationToken);
        return rows.ConvertAll(row => Record(row.f, row.Query, row.Hit));
    }

    /// <summary>Takes back what was said.</summary>
    /// <param name="collectionId">The collection.</param>
    /// <param name="collection">Its name.</param>
    /// <param name="number">Number of the feedback.</param>
    /// <param name="by">Name of the key that asks.</param>
    /// <param name="cancellationToken">Gives up before the commit.</param>
    /// <returns>Whether there was such feedback.</returns>
    public Task<bool> RemoveAsync(int collectionId, string collection, long number, string? by, CancellationToken cancellationToken) => database.WriteAsync(
        async (context, token) =>
        {
            IQueryable<StoredFeedback> said = context.Feedback.Where(f => f.Id == number && f.CollectionId == collectionId);
            var row = await said
                .Join(context.Items, f => f.ItemNumber, i => i.Number, (f, i) => new { f, Hit = i.PublicId })
                .LeftJoin(context.Items, x => x.f.QueryItem, i => (long?)i.Number, (x, i) => new { x.f, x.Hit, Query = i == null ? null : i.PublicId })
                .SingleOrDefaultAsync(token);
            if (row is null || await said.ExecuteDeleteAsync(token) == 0)
            {
                return false;
            }

            var before = new
            {
                row.Query,
                Code = row.f.QueryCode is { } code ? Convert.ToHexStringLower(code) : null,
                Id = row.Hit,
                Generation = row.f.GenerationId,
                row.f.IsRight,
                row.f.NotDuplicate,
                row.f.CreatedBy,
                row.f.CreatedAt,
            };
            string subject = number.ToString(CultureInfo.InvariantCulture);
            AuditTrail.Add(context, new AuditLine(by, AuditActions.FeedbackDeleted, collection, subject, before), clock.GetUtcNow().UtcDateTime);
            await context.SaveChangesAsync(token);
            return true;
        },
        cancellationToken);

    private async Task<FeedbackOutcome> PutAsync(
        DpfahContext context, int collectionId, NewFeedback feedback, string? createdBy, CancellationToken cancellationToken)
    {
        string[] ids = [.. new[] { feedback.Query.Id, feedback.Id }.OfType<string>()];
        Dictionary<string, long> numbers = await context.Items.Where(i => i.CollectionId == collectionId && ids.Contains(i.PublicId))
            .ToDictionaryAsync(i => i.PublicId, i => i.Number, StringComparer.Ordinal, cancellationToken);
        if (ids.FirstOrDefault(id => !numbers.ContainsKey(id)) is { } missing)
        {
            return new FeedbackOutcome(FeedbackStatus.NoImage, Missing: missing);
        }

        long hit = numbers[feedback.Id];
        long? query = feedback.Query.Id is { } queryId ? numbers[queryId] : null;
        byte[]? code = feedback.Query.Code?.ToBytes();
        byte[]? signature = code is null ? null : feedback.Query.Signature?.ToBytes() ?? [];
        StoredFeedback? stored = await (query is not null
                ? context.Feedback.Where(f => f.QueryItem == query && f.ItemNumber == hit)
                : context.Feedback.Where(f => f.CollectionId == collectionId && f.QueryCode == code && f.QuerySignature == signature && f.ItemNumber == hit))
            .AsTracking().SingleOrDefaultAsync(cancellationToken);
        bool isNew = stored is null;
        if (stored is null)
        {
            stored = new StoredFeedback { CollectionId = collectionId, QueryItem = query, QueryCode = code, QuerySignature = signature, ItemNumber = hit };
            context.Feedback.Add(stored);
        }

        DateTime now = clock.GetUtcNow().UtcDateTime;
        stored.GenerationId = feedback.GenerationId;
        stored.IsRight = feedback.IsRight;
        stored.NotDuplicate = feedback.NotDuplicate;
        stored.CreatedBy = createdBy;
        stored.CreatedAt = now;
        if (feedback.NotDuplicate)
        {
            await NotDuplicateStore.MarkAsync(context, collectionId, query!.Value, hit, createdBy, now, cancellationToken);
        }

        await context.SaveChangesAsync(cancellationToken);
        return new FeedbackOutcome(isNew ? FeedbackStatus.Created : FeedbackStatus.Replaced, Record(stored, feedback.Query.Id, feedback.Id));
    }

    private static FeedbackRecord Record(StoredFeedback stored, string? queryId, string hitId) => new(
        stored.Id,
        new NewFeedback(
            new FeedbackQuery(
                queryId,
                stored.QueryCode is null ? null : BinaryCode.FromBytes(stored.QueryCode),
                stored.QuerySignature is { Length: > 0 } signature ? BinaryCode.FromBytes(signature) : null),
            hitId,
            stored.GenerationId,
            stored.IsRight,
            stored.NotDuplicate),
        stored.CreatedBy,
        stored.CreatedAt);
}
