namespace Dpfah.Engine.Jobs;

/// <summary>A job cannot be done, and trying again would not help.</summary>
/// <param name="message">Why, in a sentence for the person who started it.</param>
/// <param name="cause">What was thrown, where something was.</param>
internal sealed class JobFailedException(string message, Exception? cause = null) : Exception(message, cause);
