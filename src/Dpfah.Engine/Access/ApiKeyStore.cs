using System.Data.Common;
using System.Globalization;
using System.Net.Sockets;
using System.Text.Json;
using Dpfah.Engine.Auditing;
using Dpfah.Engine.Data;
using Dpfah.Engine.Data.Entities;
using Dpfah.Engine.Hosting;
using Microsoft.EntityFrameworkCore;

namespace Dpfah.Engine.Access;

/// <summary>API keys in the database: made, listed, revoked.</summary>
public sealed class ApiKeyStore
{
    private readonly Database database;
    private readonly TimeProvider clock;

    internal ApiKeyStore(Database database, TimeProvider clock)
    {
        this.database = database;
        this.clock = clock;
    }

    /// <summary>Whether there is a key that was not revoked, in a database that no service has opened in this process yet.</summary>
    /// <param name="options">Where the database is. It is not made when it is not there.</param>
    /// <returns>False also when there is no such database, or when it cannot be read.</returns>
    public static async Task<bool> HasKeysAsync(EngineOptions options)
    {
        if (string.IsNullOrWhiteSpace(options.PostgresConnectionString) && !File.Exists(Path.Combine(options.DataFolder, EngineOptions.SqliteFileName)))
        {
            return false;
        }

        try
        {
            await using Database database = EngineServices.Open(options);
            return await database.ReadAsync((context, token) => context.ApiKeys.AnyAsync(k => k.RevokedAt == null, token), CancellationToken.None);
        }
        catch (Exception error) when (error is DbException or SocketException or Microsoft.EntityFrameworkCore.Storage.RetryLimitExceededException or InvalidOperationException)
        {
            // Not there, or of an older version: then it has no keys that could be asked for.
            return false;
        }
    }

    /// <summary>Brings the database's schema up to date: for programs beside the service.</summary>
    public Task PrepareAsync(CancellationToken cancellationToken) => database.PrepareAsync(cancellationToken);

    /// <summary>Makes a key.</summary>
    /// <param name="key">What it is to be, which <see cref="NewApiKey.Check"/> has found right.</param>
    /// <param name="cancellationToken">Gives up before the commit.</param>
    /// <returns>The key and its text, which is told this once and not kept; null when a key that is not revoked has the name.</returns>
    public async Task<(ApiKeyRecord Key, string Text)?> CreateAsync(NewApiKey key, CancellationToken cancellationToken)
    {
        DateTime now = clock.GetUtcNow().UtcDateTime;
        if (key.Check(now) is var (_, wrong))
        {
            throw new ArgumentException(wrong, nameof(key));
        }

        (string prefix, string text) = ApiKeyText.Make();
        StoredApiKey? stored = await database.WriteAsync(
            async (context, token) =>
            {
                if (await context.ApiKeys.AnyAsync(k => k.Name == key.Name && k.RevokedAt == null, token))
                {
                    return null;
                }

                var added = new StoredApiKey
                {
                    Name = key.Name,
                    Role = key.Role,
                    Prefix = prefix,
                    Hash = ApiKeyText.Hash(text),
                    Collections = key.Collections is null ? null : JsonSerializer.Serialize(key.Collections.Distinct().Order(StringComparer.Ordinal)),
                    CreatedAt = now,
                    CreatedBy = key.CreatedBy,
                    ExpiresAt = key.ExpiresAt,
                };
                context.ApiKeys.Add(added);
                AuditTrail.Add(
                    context,
                    new AuditLine(
                        key.CreatedBy ?? AuditNames.Terminal,
                        AuditActions.KeyMade,
                        null,
                        key.Name,
                        After: new { key.Role, Begins = ApiKeyText.BeginningOf(prefix), key.Collections, key.ExpiresAt }),
                    now);
                await context.SaveChangesAsync(token);
                return added;
            },
            cancellationToken);
        return stored is null ? null : (ApiKeyRecord.From(stored), text);
    }

    /// <summary>All keys, revoked ones too, in the order in which they were made.</summary>
    /// <param name="after">Number after which to begin; 0 for the start.</param>
    /// <param name="limit">Most keys to return.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    public Task<List<ApiKeyRecord>> ListAsync(int after, int limit, CancellationToken cancellationToken) => database.ReadAsync(
        async (context, token) => (await context.ApiKeys.Where(k => k.Id > after).OrderBy(k => k.Id).Take(limit).ToListAsync(token)).ConvertAll(ApiKeyRecord.From),
        cancellationToken);

    /// <summary>Revokes a key; again is no error. Every node refuses it within 5 seconds.</summary>
    /// <param name="nameOrId">Its name, or its number.</param>
    /// <param name="by">Who revokes it, for the audit.</param>
    /// <param name="cancellationToken">Gives up before the commit.</param>
    /// <returns>The key; null when there is none.</returns>
    public Task<ApiKeyRecord?> RevokeAsync(string nameOrId, string? by, CancellationToken cancellationToken) => database.WriteAsync(
        async (context, token) =>
        {
            int id = int.TryParse(nameOrId, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : 0;

            // A name that looks like a number comes before the number; of several of one name, all but one are revoked already.
            StoredApiKey? key = await context.ApiKeys.AsTracking().Where(k => k.Name == nameOrId).OrderBy(k => k.RevokedAt != null).ThenByDescending(k => k.Id).FirstOrDefaultAsync(token)
                ?? await context.ApiKeys.AsTracking().SingleOrDefaultAsync(k => k.Id == id, token);
            if (key is null)
            {
                return null;
            }

            if (key.RevokedAt is null)
            {
                DateTime now = clock.GetUtcNow().UtcDateTime;
                key.RevokedAt = now;
                AuditTrail.Add(context, new AuditLine(by, AuditActions.KeyRevoked, null, key.Name, new { key.Role, Begins = ApiKeyText.BeginningOf(key.Prefix) }), now);
            }

            await context.SaveChangesAsync(token);
            return ApiKeyRecord.From(key);
        },
        cancellationToken);

    /// <summary>The keys that are not revoked, expired ones too.</summary>
    internal Task<List<StoredApiKey>> ReadLiveAsync(CancellationToken cancellationToken) => database.ReadAsync(
        (context, token) => context.ApiKeys.Where(k => k.RevokedAt == null).ToListAsync(token), cancellationToken);

    /// <summary>Notes when keys were used last.</summary>
    internal Task NoteUseAsync(IReadOnlyCollection<int> ids, DateTime moment, CancellationToken cancellationToken) => database.WriteAsync(
        (context, token) => context.ApiKeys.Where(k => ids.Contains(k.Id) && (k.LastUsedAt == null || k.LastUsedAt < moment))
            .ExecuteUpdateAsync(set => set.SetProperty(k => k.LastUsedAt, moment), token),
        cancellationToken);
}
