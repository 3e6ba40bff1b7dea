using Dpfah.Core.Imaging;

namespace Dpfah.Engine.Models;

/// <summary>
/// The encoders in memory, one a model, opened when first asked for. Each use is counted, so that an encoder is closed only when nothing
/// is being hashed by it: when its model is gone, when nobody has used it for a while, or with the pool.
/// </summary>
/// <remarks>Safe for many threads. Who closes what is not used is the housekeeping.</remarks>
internal sealed class EncoderPool(ModelCache files, IImageEncoderFactory factory, TimeProvider clock) : IAsyncDisposable
{
    private readonly Lock gate = new();
    private readonly Dictionary<int, OpenEncoder> encoders = [];

    /// <summary>Numbers of the models whose encoders are open, or are being opened.</summary>
    public IReadOnlyCollection<int> Open
    {
        get
        {
            lock (gate)
            {
                return [.. encoders.Keys];
            }
        }
    }

    /// <summary>The encoder of a model, which stays open until the use is disposed.</summary>
    /// <param name="modelId">Number of the model.</param>
    /// <param name="cancellationToken">Gives up waiting for it to be opened.</param>
    public async Task<EncoderUse> UseAsync(int modelId, CancellationToken cancellationToken)
    {
        OpenEncoder? encoder;
        lock (gate)
        {
            if (!encoders.TryGetValue(modelId, out encoder) || encoder.Opening.IsFaulted)
            {
                // Opening is shared by all who wait for it, so it is not one caller's to cancel.
                encoders[modelId] = encoder = new OpenEncoder(Task.Run(() => OpenAsync(modelId)));
            }

            encoder.Users++;
        }

        try
        {
            return new EncoderUse(this, encoder, await encoder.Opening.WaitAsync(cancellationToken));
        }
        catch
        {
            await ReturnAsync(encoder);
            throw;
        }
    }

    /// <summary>By what a model makes codes in this process.</summary>
    public async Task<EncoderIdentity> IdentityAsync(int modelId, CancellationToken cancellationToken)
    {
        await using EncoderUse use = await UseAsync(modelId, cancellationToken);
        return use.Encoder.Identity;
    }

    /// <summary>Closes the encoder of a model that is gone; what is being hashed by it is hashed before.</summary>
    public async Task CloseAsync(int modelId)
    {
        OpenEncoder? encoder;
        lock (gate)
        {
            if (!encoders.Remove(modelId, out encoder))
            {
                return;
            }

            encoder.IsClosed = true;
            if (encoder.Users > 0)
            {
                return; // The last of them closes it.
            }
        }

        await CloseAsync(encoder);
    }

    /// <summary>Closes encoders that nobody needs.</summary>
    /// <param name="needed">Numbers of the models whose encoders stay open in any case.</param>
    /// <param name="idle">How long another one must not have been used.</param>
    /// <returns>How many were closed.</returns>
    public async Task<int> CloseUnusedAsync(IReadOnlySet<int> needed, TimeSpan idle)
    {
        var unused = new List<OpenEncoder>();
        lock (gate)
        {
            foreach ((int modelId, OpenEncoder encoder) in encoders)
            {
                // Whoever asks from now on gets a new one, opened anew: this one has no users, and none will come.
                if (!needed.Contains(modelId) && encoder is { Users: 0, Opening.IsCompleted: true } && clock.GetElapsedTime(encoder.UsedAt) >= idle)
                {
                    encoders.Remove(modelId);
                    unused.Add(encoder);
                }
            }
        }

        foreach (OpenEncoder encoder in unused)
        {
            await CloseAsync(encoder);
        }

        return unused.Count;
    }

    /// <summary>Closes all, also what is in use.</summary>
    public async ValueTask DisposeAsync()
    {
        OpenEncoder[] all;
        lock (gate)
        {
            all = [.. encoders.Values];
            encoders.Clear();
        }

        foreach (OpenEncoder encoder in all)
        {
            await CloseAsync(encoder);
        }
    }

    /// <summary>Ends a use.</summary>
    internal async ValueTask ReturnAsync(OpenEncoder encoder)
    {
        lock (gate)
        {
            encoder.Users--;
            encoder.UsedAt = clock.GetTimestamp();
            if (!encoder.IsClosed || encoder.Users > 0)
            {
                return;
            }
        }

        await CloseAsync(encoder);
    }

    private static async Task CloseAsync(OpenEncoder encoder)
    {
        await ((Task)encoder.Opening).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (encoder.Opening.IsCompletedSuccessfully)
        {
            await encoder.Opening.Result.DisposeAsync();
        }
    }

    private async Task<IImageEncoder> OpenAsync(int modelId) => factory.Open(await files.FetchAsync(modelId, CancellationToken.None));
}
