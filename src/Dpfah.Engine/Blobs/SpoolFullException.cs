namespace Dpfah.Engine.Blobs;

/// <summary>Uploads that wait for their work take all the room that there is for them.</summary>
/// <param name="spooled">Bytes that are stored, and those asked for.</param>
/// <param name="limit">Most bytes.</param>
public sealed class SpoolFullException(long spooled, long limit) : Exception(
    $"Uploads that are stored until their work is done would take {spooled:N0} bytes with this one; the setting Dpfah:{nameof(EngineOptions.SpooledBytes)} allows {limit:N0}. "
    + "Wait until imports have ended (GET /jobs?kind=import), or send less at once.");
