using Dpfah.Core.Imaging;

namespace Dpfah.Engine.Models;

/// <summary>A use of an encoder, which is not closed before this is disposed.</summary>
/// <param name="pool">The pool.</param>
/// <param name="entry">What is used of it.</param>
/// <param name="encoder">The encoder.</param>
internal sealed class EncoderUse(EncoderPool pool, OpenEncoder entry, IImageEncoder encoder) : IAsyncDisposable
{
    /// <summary>The encoder.</summary>
    public IImageEncoder Encoder => encoder;

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => pool.ReturnAsync(entry);
}
