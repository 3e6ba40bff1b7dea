using System.Collections.Concurrent;
using Dpfah.Core.Imaging;
using Dpfah.Core.Models;

namespace Dpfah.Engine.Models;

/// <summary>The encoders in memory, one a model, opened when first asked for.</summary>
internal sealed class EncoderPool(ModelCache files, IImageEncoderFactory factory) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<int, Lazy<Task<IImageEncoder>>> encoders = new();

    /// <summary>The encoder of a model.</summary>
    public async Task<IImageEncoder> GetAsync(int modelId, CancellationToken cancellationToken)
    {
        // Opening is shared by all who wait for it, so it is not one caller's to cancel.
        Lazy<Task<IImageEncoder>> encoder = encoders.GetOrAdd(modelId, id => new Lazy<Task<IImageEncoder>>(() => OpenAsync(id)));
        try
        {
            return await encoder.Value.WaitAsync(cancellationToken);
        }
        catch (Exception) when (encoder.Value.IsFaulted)
        {
            // The next caller tries again.
            encoders.TryRemove(new KeyValuePair<int, Lazy<Task<IImageEncoder>>>(modelId, encoder));
            throw;
        }
    }

    /// <summary>Closes the encoder of a model that is gone.</summary>
    public async Task CloseAsync(int modelId)
    {
        if (encoders.TryRemove(modelId, out Lazy<Task<IImageEncoder>>? encoder) && encoder is { IsValueCreated: true, Value.IsCompletedSuccessfully: true })
        {
            await encoder.Value.Result.DisposeAsync();
        }
    }

    private async Task<IImageEncoder> OpenAsync(int modelId)
    {
        ModelFiles opened = await files.FetchAsync(modelId, CancellationToken.None);
        return await Task.Run(() => factory.Open(opened));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (Lazy<Task<IImageEncoder>> encoder in encoders.Values)
        {
            if (encoder is { IsValueCreated: true, Value.IsCompletedSuccessfully: true })
            {
                await encoder.Value.Result.DisposeAsync();
            }
        }

        encoders.Clear();
    }
}
