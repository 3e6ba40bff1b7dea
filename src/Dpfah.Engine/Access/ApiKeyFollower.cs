using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Security.Cryptography;
using Dpfah.Engine.Data.Entities;
using Dpfah.Engine.Hosting;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Dpfah.Engine.Access;

/// <summary>
/// Knows keys by their text, from memory: it reads them anew every second, and answers from nothing that is older than 4 seconds, so
/// that a key that was revoked on another node is refused within 5.
/// </summary>
public sealed partial class ApiKeyFollower : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan OldestTrusted = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan UseInterval = TimeSpan.FromMinutes(1);
    private static readonly byte[] NoHash = new byte[SHA256.HashSizeInBytes];

    private readonly ApiKeyStore store;
    private readonly ServiceState state;
    private readonly TimeProvider clock;
    private readonly ILogger<ApiKeyFollower> logger;
    private readonly SemaphoreSlim reading = new(1);
    private readonly ConcurrentDictionary<int, DateTime> used = new();
    private readonly ConcurrentDictionary<int, DateTime> noted = new();
    private volatile Snapshot? snapshot;

    internal ApiKeyFollower(ApiKeyStore store, ServiceState state, TimeProvider clock, ILogger<ApiKeyFollower> logger)
    {
        this.store = store;
        this.state = state;
        this.clock = clock;
        this.logger = logger;
    }

    /// <summary>Whether the keys were read once.</summary>
    public bool HasRead => snapshot is not null;

    /// <summary>Whether there is a key that is not revoked, be it expired, as far as is known.</summary>
    public bool HasKeys => snapshot is { Keys.Count: > 0 };

    /// <summary>Finds the key that has a text. It counts as used.</summary>
    /// <returns>Null when there is none, or none that is good any more.</returns>
    /// <exception cref="NotReadyException">The database has not answered for too long: the key may be revoked by now.</exception>
    public ApiKeyRecord? Find(string text)
    {
        if (snapshot is not { } known || clock.GetElapsedTime(known.ReadAt) > OldestTrusted)
        {
            throw new NotReadyException(state.HasStarted
                ? "The database does not answer at the moment, and only it knows whether the key is still good."
                : state.Step.Detail);
        }

        StoredApiKey? key = ApiKeyText.TryReadPrefix(text, out string? prefix) ? known.Keys.GetValueOrDefault(prefix) : null;
        DateTime now = clock.GetUtcNow().UtcDateTime;
        if (!CryptographicOperations.FixedTimeEquals(ApiKeyText.Hash(text), key?.Hash ?? NoHash) || key is null || key.ExpiresAt <= now)
        {
            return null;
        }

        used[key.Id] = now;
        return ApiKeyRecord.From(key);
    }

    /// <summary>Reads the keys now: who has made or revoked one sees that on this node at once.</summary>
    public async Task RefreshAsync(CancellationToken cancellationToken)
    {
        await reading.WaitAsync(cancellationToken);
        try
        {
            long readAt = clock.GetTimestamp();
            List<StoredApiKey> keys = await store.ReadLiveAsync(cancellationToken);
            snapshot = new Snapshot(keys.ToFrozenDictionary(key => key.Prefix), readAt);
        }
        finally
        {
            reading.Release();
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        reading.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        bool hasFailed = false;
        try
        {
            await state.WaitUntilStartedAsync(stoppingToken);
            using var timer = new PeriodicTimer(Interval, clock);
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                try
                {
                    await RefreshAsync(stoppingToken);
                    await NoteUseAsync(stoppingToken);
                    hasFailed = false;
                }
                catch (Exception error) when (error is not OperationCanceledException)
                {
                    if (!hasFailed)
                    {
                        LogFailed(error.GetBaseException().Message);
                    }

                    hasFailed = true;
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The service stops.
        }
    }

    /// <summary>Writes when keys were used last: of each at most once a minute.</summary>
    private async Task NoteUseAsync(CancellationToken cancellationToken)
    {
        DateTime now = clock.GetUtcNow().UtcDateTime;
        int[] due = [.. used.Where(use => !noted.TryGetValue(use.Key, out DateTime last) || (use.Value > last && now - last >= UseInterval)).Select(use => use.Key)];
        if (due.Length > 0)
        {
            await store.NoteUseAsync(due, now, cancellationToken);
            foreach (int id in due)
            {
                noted[id] = now;
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The API keys cannot be read, trying again every second: {Reason}")]
    private partial void LogFailed(string reason);

    private sealed record Snapshot(FrozenDictionary<string, StoredApiKey> Keys, long ReadAt);
}
