using Dpfah.Core.Imaging;

namespace Dpfah.Engine.Models;

/// <summary>An encoder of the pool. What changes is guarded by the pool's lock.</summary>
/// <param name="opening">Opens it.</param>
internal sealed class OpenEncoder(Task<IImageEncoder> opening)
{
    /// <summary>The encoder, once it is open.</summary>
    public Task<IImageEncoder> Opening => opening;

    /// <summary>How many use it, or wait for it to be opened.</summary>
    public int Users { get; set; }

    /// <summary>When the last use ended, as a timestamp of the clock.</summary>
    public long UsedAt { get; set; }

    /// <summary>Whether it is out of the pool, so that the last user closes it.</summary>
    public bool IsClosed { get; set; }
}
