namespace Dpfah.Engine.Imports;

/// <summary>An upload cannot be read, or no further.</summary>
/// <param name="message">Why, in a sentence.</param>
/// <param name="cause">What was thrown.</param>
internal sealed class UnreadableUploadException(string message, Exception cause) : Exception(message, cause);
